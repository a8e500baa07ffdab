/** What the encoders' loaders take. */
interface WasmOptions {
  readonly wasmBinary?: Uint8Array
}

/**
 * The wasm file of a package, under node, whose `fetch` reads no files; nothing elsewhere, where the package
 * fetches its file itself.
 */
export async function wasmOf(path: string): Promise<WasmOptions> {
  // Asked for at run time, so that bundlers for browsers see no module of node's.
  const node = globalThis.process?.getBuiltinModule
  if (node === undefined) return {}
  const { resolve } = node("node:module").createRequire(import.meta.url)
  return { wasmBinary: await node("node:fs/promises").readFile(resolve(path)) }
}
