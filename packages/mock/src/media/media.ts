import { LRUCache } from "lru-cache"
import { z } from "zod"
import { digest } from "../content/random.ts"
import { Refusal } from "../refusal.ts"
import type { MadeFile } from "../reply-maker.ts"
import { readQuery } from "../request/form.ts"
import { basePath } from "../request/route.ts"
import { validate } from "../request/validate.ts"
import { encodePicture, type ImageFormat, imageTypes } from "./encode-picture.ts"
import { type Film, filmSizes, makeFilm } from "./film.ts"
import { drawPicture } from "./picture.ts"

/** Below this path stand the files that replies name by URL; their queries say all of what they show. */
export const mediaPath = `${basePath}/media/`

/** What each of the encoders can do. */
const longestSide = 16_383
/** The most pixels of an image, which are drawn and encoded in a fraction of a second (chosen). */
const mostPixels = 2 ** 22

/** The longest film: a minute of the most frames per second (chosen). */
export const mostFps = 60
export const mostFrames: number = 60 * mostFps

const ImageQuery = z.object({
  seed: z.string().max(100),
  width: z.int().min(1).max(longestSide),
  height: z.int().min(1).max(longestSide),
  background: z.enum(["transparent", "opaque"]),
  /** Of JPEG and WebP. */
  quality: z.int().min(0).max(100),
})
type ImageQuery = z.infer<typeof ImageQuery>

const FilmQuery = z.object({
  size: z.enum(filmSizes),
  frames: z.int().min(1).max(mostFrames),
  fps: z.int().min(1).max(mostFps),
  title: z.string().max(100),
}) satisfies z.ZodType<Film>

type ImageName = `image.${ImageFormat}`
const imageFormats = Object.keys(imageTypes) as ImageFormat[]

/** A file that can be made at any time from its name and its query. */
export type Medium =
  | { readonly name: ImageName; readonly query: ImageQuery }
  | { readonly name: "video.mp4"; readonly query: Film }

/** Refuses images that are too large to draw, under the name of the member that asks for them. */
export function limitPixels({ width, height }: Pick<ImageQuery, "width" | "height">, param: string): void {
  if (width * height <= mostPixels) return
  throw new Refusal(400, {
    message: `Invalid '${param}': the mock draws images of up to ${mostPixels} pixels, not ${width}x${height}.`,
    param,
    code: "invalid_value",
  })
}

interface MediaFile extends MadeFile {
  readonly body: Uint8Array
}

/** Files that were made of late: whoever asks for one often asks for it again. In bytes (chosen). */
const mostKept = 32 * 2 ** 20
const kept = new LRUCache<string, Uint8Array>({
  maxSize: mostKept,
  sizeCalculation: ({ length }) => length,
})

/** Makes the file of a name and a query. Refuses names that no reply has given out. */
export async function media(name: string, query: URLSearchParams): Promise<MediaFile> {
  const read = <Query>(schema: z.ZodType<Query>): Query => validate(readQuery(`${query}`, schema), schema, [])
  const once = async (parameters: object, make: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    const key = JSON.stringify([name, parameters])
    const file = kept.get(key) ?? (await make())
    kept.set(key, file)
    return file
  }
  if (name === "video.mp4") {
    const film = read(FilmQuery)
    return { mediaType: "video/mp4", body: await once(film, () => makeFilm(film)) }
  }
  const format = imageFormats.find((each) => name === `image.${each}`)
  if (format === undefined) throw new Refusal(404, { message: `There is no file '${name}'.` })
  const image = read(ImageQuery)
  limitPixels(image, "width")
  const { seed, width, height, background, quality } = image
  const draw = () => drawPicture(digest(seed), width, height, background === "transparent")
  return {
    mediaType: imageTypes[format],
    body: await once(image, () => encodePicture(draw(), format, quality)),
  }
}

/** A file as a reply shows it: a URL under which `media` makes it, or the same bytes in base64. */
export async function shown(
  { name, query }: Medium,
  format: "url" | "b64_json",
  origin: string,
): Promise<{ readonly url: string } | { readonly b64_json: string }> {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) parameters.set(key, String(value))
  if (format === "url") return { url: `${origin}${mediaPath}${name}?${parameters}` }
  return { b64_json: base64((await media(name, parameters)).body) }
}

function base64(bytes: Uint8Array): string {
  // Piece by piece: a call takes some ten thousand arguments at most.
  const piece = 2 ** 13
  let units = ""
  for (let at = 0; at < bytes.length; at += piece) {
    units += String.fromCharCode(...bytes.subarray(at, at + piece))
  }
  return btoa(units)
}
