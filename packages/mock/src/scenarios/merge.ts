import { base64 } from "../replies/embeddings.ts"
import type { GeneratedFile, GeneratedReply } from "../reply-maker.ts"

/**
 * Returns a reply with some members set. Objects are merged, lists of objects by position; everything else is replaced.
 * A reply that is a text stays as it is: its maker has set them.
 */
export function withMembers(
  reply: GeneratedReply | GeneratedFile,
  members: object,
  request: unknown,
): GeneratedReply | GeneratedFile {
  if ("body" in reply) return reply
  const isEncoded =
    typeof request === "object" &&
    request !== null &&
    "encoding_format" in request &&
    request.encoding_format === "base64"
  const { json: _, onRequest = [], ...rest } = reply
  const encoded = isEncoded ? withEncodedVectors(members) : members
  const asked = withoutUnasked(encoded, reply.value, onRequest)
  return { ...rest, value: merged(reply.value, withImageUrls(asked, reply.value)) }
}

/** Returns the members without those that the generated reply lacks because the request does not ask for them. */
function withoutUnasked(members: object, value: unknown, onRequest: readonly string[]): object {
  const left = Object.entries(members).filter(
    ([name]) => !onRequest.includes(name) || (isObject(value) && name in value),
  )
  return Object.fromEntries(left)
}

/** Turns images in base64 into data URLs where the generated reply has URLs, as the request asks for. */
function withImageUrls(members: object, value: unknown): object {
  const [images, [first]] = [listIn(members), listIn(value)]
  if (images.length === 0 || !isObject(first) || !("url" in first)) return members
  const data = images.map((image: unknown) => {
    if (!isObject(image) || !("b64_json" in image) || "url" in image) return image
    const { b64_json, ...rest } = image
    return { ...rest, url: `data:${mediaTypeOf(String(b64_json))};base64,${b64_json}` }
  })
  return { ...members, data }
}

function listIn(value: unknown): readonly unknown[] {
  return isObject(value) && "data" in value && Array.isArray(value.data) ? value.data : []
}

/** How the formats of images begin, in base64. */
const beginnings = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["UklGR", "image/webp"],
] as const

function mediaTypeOf(base64: string): string {
  return beginnings.find(([beginning]) => base64.startsWith(beginning))?.[1] ?? "application/octet-stream"
}

function merged(value: unknown, members: unknown): unknown {
  if (isObjectList(members) && Array.isArray(value)) {
    const length = Math.max(value.length, members.length)
    return Array.from({ length }, (_, index) =>
      index < members.length ? merged(value[index], members[index]) : value[index],
    )
  }
  if (!isObject(members)) return members
  const before = isObject(value) ? value : {}
  const changed = Object.entries(members).map(([name, member]) => [
    name,
    merged(Object.hasOwn(before, name) ? Reflect.get(before, name) : undefined, member),
  ])
  return { ...before, ...Object.fromEntries(changed) }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function isObjectList(value: unknown): value is readonly object[] {
  return Array.isArray(value) && value.some(isObject)
}

/** Encodes the vectors of an embedding as the request asks for: clients ask for base64 unless told otherwise. */
function withEncodedVectors(members: object): object {
  if (!("data" in members) || !Array.isArray(members.data)) return members
  const data = members.data.map((item: unknown) => {
    if (!isObject(item) || !("embedding" in item) || !Array.isArray(item.embedding)) return item
    return { ...item, embedding: base64(Float32Array.from(item.embedding)) }
  })
  return { ...members, data }
}
