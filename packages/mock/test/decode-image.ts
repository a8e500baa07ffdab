import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import decodeWebp, { init } from "@jsquash/webp/decode.js"
import jpeg from "jpeg-js"
import { PNG } from "pngjs"

/** An image as it is seen: four bytes a pixel, red, green, blue and alpha. */
export interface Seen {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

const { resolve } = createRequire(import.meta.url)

/** Reads an image with a decoder that has nothing to do with how it was made. */
export async function decodeImage(bytes: Uint8Array, format: string): Promise<Seen> {
  const seen = await decoders[format as keyof typeof decoders](bytes)
  return { width: seen.width, height: seen.height, data: Uint8Array.from(seen.data) }
}

const decoders = {
  png: (bytes: Uint8Array) => PNG.sync.read(Buffer.from(bytes)),
  jpeg: (bytes: Uint8Array) => jpeg.decode(bytes),
  async webp(bytes: Uint8Array) {
    await init({ wasmBinary: await readFile(resolve("@jsquash/webp/codec/dec/webp_dec.wasm")) })
    return decodeWebp(Uint8Array.from(bytes).buffer)
  },
}
