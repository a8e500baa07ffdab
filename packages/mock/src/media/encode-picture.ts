import type { ImageGenerationRequest } from "@nexhina/schemas"
import type { Picture } from "./picture.ts"
import { wasmOf } from "./wasm.ts"

export type ImageFormat = NonNullable<ImageGenerationRequest["output_format"]>

/** The media type of each format. */
export const imageTypes = {
  png: "image/png",
  jpeg: "image/jpeg",
  webp: "image/webp",
} as const satisfies Record<ImageFormat, string>

/**
 * Encodes a picture as a file. `quality`, from 0 to 100, applies to JPEG and WebP. Encoders are loaded on first use.
 */
export async function encodePicture(
  picture: Picture,
  format: ImageFormat,
  quality: number,
): Promise<Uint8Array> {
  return encoders[format](picture, quality)
}

const encoders: Readonly<Record<ImageFormat, (picture: Picture, quality: number) => Promise<Uint8Array>>> = {
  async png({ width, height, pixels, palette }) {
    const { encode } = await import("fast-png")
    const opaque = palette.every(([, , , alpha]) => alpha === 255)
    return encode(
      {
        width,
        height,
        data: pixels,
        channels: 1,
        depth: 8,
        palette: palette.map((colour) => colour.slice(0, opaque ? 3 : 4)),
      },
      { zlib: { level: 3 } },
    )
  },
  async jpeg(picture, quality) {
    const encode = await jpegEncoder()
    return new Uint8Array(await encode(toImageData(picture), { quality, ...fastJpeg }))
  },
  async webp(picture, quality) {
    const encode = await webpEncoder()
    return new Uint8Array(await encode(toImageData(picture), { quality, method: 0 }))
  },
}

/** Baseline JPEG, which every decoder reads; MozJPEG encodes it in half the time, at a few more bytes. */
const fastJpeg = { baseline: true, progressive: false, optimize_coding: false }

const jpegEncoder = once(async () => {
  const { default: encode, init } = await import("@jsquash/jpeg/encode.js")
  await init(await wasmOf("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm"))
  return encode
})

const webpEncoder = once(async () => {
  const { default: encode, init } = await import("@jsquash/webp/encode.js")
  // Node always supports SIMD, for which the package has a separate encoder.
  await init(await wasmOf("@jsquash/webp/codec/enc/webp_enc_simd.wasm"))
  return encode
})

function once<Loaded>(load: () => Promise<Loaded>): () => Promise<Loaded> {
  let loading: Promise<Loaded> | undefined
  return () => {
    loading ??= load()
    return loading
  }
}

/** Converts a picture to the part of a browser's `ImageData` that the encoders read. */
function toImageData({ width, height, pixels, palette }: Picture) {
  const colours = new Uint32Array(Uint8Array.from(palette.flat()).buffer)
  const data = new Uint32Array(pixels.length)
  for (let at = 0; at < pixels.length; at++) data[at] = colours[pixels[at] ?? 0] ?? 0
  return { width, height, data: new Uint8ClampedArray(data.buffer) }
}
