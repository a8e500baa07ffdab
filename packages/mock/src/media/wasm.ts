/** The argument of the encoders' loaders. */
interface WasmOptions {
  readonly wasmBinary?: Uint8Array
}

/**
 * Loads the wasm file of a package under node, whose `fetch` does not read files. Returns undefined on other platforms,
 * where the package fetches its file itself.
 */
export async function wasmOf(path: string): Promise<WasmOptions> {
  // Looked up at run time, so that bundlers for browsers do not see a module of node's.
  const node = globalThis.process?.getBuiltinModule
  if (node === undefined) return {}
  const { resolve } = node("node:module").createRequire(import.meta.url)
  return { wasmBinary: await node("node:fs/promises").readFile(resolve(path)) }
}
