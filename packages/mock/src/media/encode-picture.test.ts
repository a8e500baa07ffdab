import { expect, test } from "vitest"
import { decodeImage } from "../../test/decode-image.ts"
import { digest } from "../content/random.ts"
import { encodePicture, type ImageFormat, imageTypes } from "./encode-picture.ts"
import { drawPicture, type Picture } from "./picture.ts"

const formats = Object.keys(imageTypes) as ImageFormat[]
const wide = drawPicture(digest("wide"), 193, 64, false)

const pixelsOf = ({ pixels, palette }: Picture) =>
  Uint8Array.from([...pixels].flatMap((place) => palette[place] ?? []))

/** The mean difference of red, green and blue where both are opaque. */
function difference(a: Uint8Array, b: Uint8Array): number {
  const each = [...a].map((value, at) => (at % 4 === 3 ? 0 : Math.abs(value - (b[at] ?? 0))))
  return each.reduce((sum, value) => sum + value, 0) / ((3 * a.length) / 4)
}

test.each([
  ["opaque", wide],
  ["transparent", drawPicture(digest("clear"), 70, 130, true)],
  ["a single pixel", drawPicture(digest("dot"), 1, 1, false)],
])("a PNG decodes to the very picture: %s", async (_, picture) => {
  const { width, height, data } = await decodeImage(await encodePicture(picture, "png", 100), "png")
  expect([width, height]).toEqual([picture.width, picture.height])
  expect(data).toEqual(pixelsOf(picture))
})

test.each(["jpeg", "webp"] as const)("a %s decodes to about the picture", async (format) => {
  const { width, height, data } = await decodeImage(await encodePicture(wide, format, 100), format)
  expect([width, height]).toEqual([193, 64])
  expect(difference(data, pixelsOf(wide))).toBeLessThan(4)
  const coarse = await decodeImage(await encodePicture(wide, format, 0), format)
  expect(difference(coarse.data, pixelsOf(wide))).toBeGreaterThan(4)
})

test("a WebP keeps what is transparent", async () => {
  const picture = drawPicture(digest("clear"), 70, 130, true)
  const { data } = await decodeImage(await encodePicture(picture, "webp", 100), "webp")
  const alphas = (bytes: Uint8Array) => bytes.filter((_, at) => at % 4 === 3)
  expect(alphas(data)).toEqual(alphas(pixelsOf(picture)))
  expect(new Set(alphas(data))).toEqual(new Set([0, 255]))
})

test.each(["jpeg", "webp"] as const)("less quality makes a smaller %s", async (format) => {
  const lengths = await Promise.all(
    [100, 60, 20].map(async (quality) => (await encodePicture(wide, format, quality)).length),
  )
  expect(lengths).toEqual(lengths.toSorted((a, b) => b - a))
  expect(new Set(lengths).size).toBe(3)
})

test.each(formats)("the same picture is the same %s", async (format) => {
  const encode = () => encodePicture(drawPicture(digest("same"), 40, 30, false), format, 70)
  const [first, second] = await Promise.all([encode(), encode()])
  expect(first).toEqual(second)
})
