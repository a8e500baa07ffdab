import { LRUCache } from "lru-cache"
import { z } from "zod"
import { digest } from "../content/random.ts"
import type { Lane, Pause } from "../lane.ts"
import { limits } from "../limits.ts"
import { Refusal } from "../refusal.ts"
import type { GeneratedFile } from "../reply-maker.ts"
import { readQuery } from "../request/form.ts"
import { basePath } from "../request/route.ts"
import { validate } from "../request/validate.ts"
import { encodePicture, type ImageFormat, imageTypes } from "./encode-picture.ts"
import { type Film, filmSizes, makeFilm } from "./film.ts"
import { drawPicture } from "./picture.ts"

/** Path prefix of the files to which replies link. The query of a file describes its whole content. */
export const mediaPath = `${basePath}/media/`

/** Maximum width and height that every encoder supports, in pixels. */
const maxSide = 16_383
/** Maximum number of pixels of an image; drawing and encoding them takes a fraction of a second (chosen). */
const maxPixels = limits.imagePixels.max

/** Maximum length of a video: one minute at the maximum frame rate (chosen). */
export const mostFps = 60
export const mostFrames: number = limits.videoFrames.max

const ImageQuery = z.object({
  seed: z.string().max(100),
  width: z.int().min(1).max(maxSide),
  height: z.int().min(1).max(maxSide),
  background: z.enum(["transparent", "opaque"]),
  /** Only used for JPEG and WebP. */
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

/** A media file, described by its name and its query. */
type Medium =
  | { readonly name: ImageName; readonly query: ImageQuery }
  | { readonly name: "video.mp4"; readonly query: Film }

/** Refuses images that are too large to draw. `param` is the request member that determines the size. */
export function limitPixels({ width, height }: Pick<ImageQuery, "width" | "height">, param: string): void {
  if (width * height <= maxPixels) return
  throw new Refusal(400, {
    message: `Invalid '${param}': the mock supports at most ${maxPixels} pixels, but got ${width}x${height}.`,
    param,
    code: "invalid_value",
  })
}

interface MediaFile extends GeneratedFile {
  readonly body: Uint8Array
}

/** Maximum size of the cache of recently generated files, in bytes (chosen). */
const maxCachedBytes = 32 * 2 ** 20

/** Generates media files, with a cache of recent ones. */
export interface MediaLibrary {
  /** Returns the file of a name and its query. Refuses unknown names and invalid queries. */
  load(name: string, query: URLSearchParams, lane: Lane): Promise<MediaFile>
  /** Returns a file as a reply contains it: a URL that `load` serves, or base64. */
  show(
    medium: Medium,
    format: "url" | "b64_json",
    place: MediaPlace,
  ): Promise<{ readonly url: string } | { readonly b64_json: string }>
}

/** Where the files of a reply are served, and where they are made when it contains them. */
export interface MediaPlace {
  /** Scheme and host, the base of their URLs. */
  readonly origin: string
  readonly lane: Lane
}

/** Creates a media library with an empty cache. */
export function createMediaLibrary(): MediaLibrary {
  const cache = new LRUCache<string, Uint8Array>({
    maxSize: maxCachedBytes,
    sizeCalculation: ({ length }) => length,
  })
  async function load(name: string, query: URLSearchParams, lane: Lane): Promise<MediaFile> {
    const { key, mediaType, make } = readMedium(name, query)
    const body = cache.get(key) ?? (await lane.run(make))
    cache.set(key, body)
    return { mediaType, body }
  }
  return {
    load,
    async show({ name, query }, format, { origin, lane }) {
      const parameters = new URLSearchParams()
      for (const [key, value] of Object.entries(query)) parameters.set(key, String(value))
      if (format === "url") return { url: `${origin}${mediaPath}${name}?${parameters}` }
      return { b64_json: base64((await load(name, parameters, lane)).body) }
    },
  }
}

interface MediumPlan {
  /** Equal for equal files. */
  readonly key: string
  readonly mediaType: string
  make(pause: Pause): Promise<Uint8Array>
}

function readMedium(name: string, query: URLSearchParams): MediumPlan {
  const read = <Query>(schema: z.ZodType<Query>): Query => validate(readQuery(`${query}`, schema), schema, [])
  if (name === "video.mp4") {
    const film = read(FilmQuery)
    return {
      key: JSON.stringify([name, film]),
      mediaType: "video/mp4",
      make: (pause) => makeFilm(film, pause),
    }
  }
  const format = imageFormats.find((each) => name === `image.${each}`)
  if (format === undefined) throw new Refusal(404, { message: `File '${name}' not found.` })
  const image = read(ImageQuery)
  limitPixels(image, "width")
  const { seed, width, height, background, quality } = image
  return {
    key: JSON.stringify([name, image]),
    mediaType: imageTypes[format],
    async make(pause) {
      const picture = drawPicture(digest(seed), width, height, background === "transparent")
      await pause()
      return encodePicture(picture, format, quality)
    },
  }
}

function base64(bytes: Uint8Array): string {
  // In pieces, because the number of arguments of a call is limited.
  const piece = 2 ** 13
  let units = ""
  for (let at = 0; at < bytes.length; at += piece) {
    units += String.fromCharCode(...bytes.subarray(at, at + piece))
  }
  return btoa(units)
}
