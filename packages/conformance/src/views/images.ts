import { ImageGenerationRequest, ImageGenerationResponse, ImageUsage } from "@nexhina/schemas"
import { imageSize } from "image-size"
import { base64Image, oneImage } from "../probes/images.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import { type View, view } from "../view.ts"
import { jsonAnswerOf } from "./http.ts"

const base = {
  surface: "images",
  probes: [oneImage, base64Image],
} as const satisfies Partial<View<unknown>>

/** Answers with images, as JSON of whatever kind. */
export const imageReplies = view<ParsedReply>({
  ...base,
  id: "images.replies",
  says: "image responses",
  of: jsonAnswerOf("createImage"),
})

/** The formats in which images are sent, by how their files begin. */
const beginnings = [
  ["png", /^\x89PNG\r\n.\n/s],
  ["jpeg", /^\xff\xd8\xff/],
  ["webp", /^RIFF.{4}WEBP/s],
  ["gif", /^GIF8[79]a/],
] as const
type ImageFormat = (typeof beginnings)[number][0]

function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  const head = Buffer.from(bytes.subarray(0, 16)).toString("latin1")
  return beginnings.find(([, pattern]) => pattern.test(head))?.[0]
}

/**
 * Returns whether an image has no end: the chunk IEND of PNG, the marker EOI of JPEG, the length in the header of WebP.
 * Other bytes may follow it. Of GIF, whose blocks have no name, nothing is known.
 */
function isCutImage(image: Uint8Array, format: ImageFormat): boolean {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  if (format === "png") return !bytes.includes("IEND", 8, "latin1")
  if (format === "jpeg") return !bytes.includes("ffd9", 2, "hex")
  return format === "webp" && bytes.readUInt32LE(4) + 8 > bytes.length
}

/** A size as requests have it: `1024x1536`. */
function sizeOf(bytes: Uint8Array): string | undefined {
  try {
    const { width, height } = imageSize(bytes)
    return `${width}x${height}`
  } catch {
    // The header is cut off or wrong.
    return undefined
  }
}

/** What an item holds as text, decoded. */
export interface Picture {
  /** JSON pointer to the text. */
  readonly pointer: string
  /** Absent if the text is not valid base64. */
  readonly bytes?: Uint8Array
  /** Absent if the bytes are not an image. */
  readonly format?: ImageFormat
  /** Whether the bytes stop before the end of the image. */
  readonly isCut: boolean
  /** `WIDTHxHEIGHT`, as the image's header says. */
  readonly size?: string
}

/** An item of a reply: where the image is, and what it is if that can be seen. */
export interface Drawn {
  /** JSON pointer to the item. */
  readonly pointer: string
  readonly url: string | undefined
  readonly isBase64: boolean
  /** Of base64 or a data URL. */
  readonly picture?: Picture
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/

function pictureOf(pointer: string, text: string): Picture {
  if (text.length % 4 !== 0 || !base64.test(text)) return { pointer, isCut: false }
  const bytes = Buffer.from(text, "base64")
  const format = formatOf(bytes)
  const size = format && sizeOf(bytes)
  const isCut = format !== undefined && isCutImage(bytes, format)
  return { pointer, bytes, isCut, ...(format && { format }), ...(size && { size }) }
}

function drawnOf({ url, b64_json: text }: ImageGenerationResponse["data"][number], at: number): Drawn {
  const pointer = `/data/${at}`
  const [, data] = /^data:[^,]*;base64,(.*)$/s.exec(url ?? "") ?? []
  const picture = text
    ? pictureOf(`${pointer}/b64_json`, text)
    : data !== undefined
      ? pictureOf(`${pointer}/url`, data)
      : undefined
  return { pointer, url: url || undefined, isBase64: !!text, ...(picture && { picture }) }
}

/** A reply whose images have the documented form, and what it answers. */
export interface ImageList {
  readonly request: ImageGenerationRequest
  /** The host that was asked. */
  readonly host: string
  readonly images: readonly Drawn[]
  readonly usage: ImageUsage | undefined
}

/** Answers with images that have the documented form. */
export const imageLists = view<ImageList>({
  ...base,
  id: "images.lists",
  says: "images",
  of(exchange) {
    const answered = imageReplies.of(exchange)
    if (!answered) return undefined
    const request = fitted(ImageGenerationRequest, answered.request)
    const reply = answered.json.ok && isObject(answered.json.value) ? answered.json.value : {}
    // What a reply lacks besides its images, such as a date, is for the rule on its schema.
    const data = fitted(ImageGenerationResponse.shape.data, reply["data"])
    if (!request || !data) return undefined
    const usage = fitted(ImageUsage, reply["usage"])
    const { target } = exchange.request
    const host = URL.canParse(target) ? new URL(target).hostname : ""
    return { request, host, images: data.map(drawnOf), usage }
  },
})

/** Images that can be looked at: in base64, or in a data URL. */
export const visibleImages = view<Omit<ImageList, "images"> & { readonly pictures: readonly Picture[] }>({
  ...base,
  id: "images.visible",
  says: "images in base64",
  of(exchange) {
    const list = imageLists.of(exchange)
    const pictures = list?.images.flatMap(({ picture }) => (picture?.format ? [picture] : [])) ?? []
    return list && pictures.length > 0 ? { ...list, pictures } : undefined
  },
})

/** What images cost, where the answer says it. */
export const imageUsages = view<ImageUsage>({
  ...base,
  id: "images.usages",
  says: "images with their usage",
  of: (exchange) => imageLists.of(exchange)?.usage,
})
