import type { OperationId } from "@nexhina/schemas"
import { expectationOf } from "@nexhina/wire"
import { Refusal } from "../refusal.ts"
import { base64 } from "../replies/embeddings.ts"
import type { GeneratedFile, GeneratedReply } from "../reply-maker.ts"
import type { ScriptedReply } from "./effects.ts"
import { mergeList } from "./merge-list.ts"
import { replySchema } from "./scenario.ts"
import { at, pathText } from "./schema-members.ts"

/** The request that a reply answers. */
interface Asked {
  readonly operationId: OperationId
  readonly request: unknown
}

/**
 * Returns a reply with some members set. Objects are merged, lists of objects by position or `index`; everything else is
 * replaced. A reply that is a text stays as it is: its maker has set them. Throws a `Refusal` when the members do not fit
 * the request.
 */
export function withMembers(
  reply: GeneratedReply | GeneratedFile,
  { scenario, members }: ScriptedReply,
  { operationId, request }: Asked,
): GeneratedReply | GeneratedFile {
  if ("body" in reply) return reply
  const isEncoded =
    typeof request === "object" &&
    request !== null &&
    "encoding_format" in request &&
    request.encoding_format === "base64"
  const { json: _, onRequest = [], lists = {}, ...rest } = reply
  const encoded = isEncoded ? withEncodedVectors(members) : members
  const asked = withImageUrls(withoutUnasked(encoded, reply.value, onRequest), reply.value)
  const value = { ...Object(merged(reply.value, asked)), ...mergedLists(reply.value, asked, lists, scenario) }
  if (lengthens(asked, reply.value)) requireValid(value, operationId, scenario)
  return { ...rest, value: withTotal(value, asked) }
}

/** Returns the lists that the request decides the length of, with the elements that the scenario sets. */
function mergedLists(
  value: unknown,
  members: object,
  lists: NonNullable<GeneratedReply["lists"]>,
  scenario: string,
): object {
  const entries = Object.entries(lists).flatMap(([name, list]) => {
    const [generated, scripted] = [at(value, [name]), at(members, [name]) ?? []]
    // An empty list of the scenario replaces the generated one.
    const isReplaced = Array.isArray(scripted) && scripted.length === 0 && name in members
    if (isReplaced || !isObjectList(generated) || !Array.isArray(scripted)) return []
    return [[name, mergeList(generated, scripted, { name, ...list }, { scenario, merge: merged })] as const]
  })
  return Object.fromEntries(entries)
}

/** Refuses a reply in which an element that the scenario adds is not complete. */
function requireValid(value: unknown, operationId: OperationId, scenario: string): void {
  const issue = replySchema(operationId)?.safeParse(value).error?.issues[0]
  if (issue === undefined) return
  const path = pathText(issue.path.filter((key) => typeof key !== "symbol")).slice(1)
  throw new Refusal(400, {
    message: `Scenario '${scenario}' adds an element that is not complete: '${path}': ${expectationOf(issue)}. Set every member of it in 'reply'.`,
    code: "scenario_reply",
  })
}

/** Returns whether a list of objects is longer than the generated one. */
function lengthens(members: unknown, value: unknown): boolean {
  if (isObjectList(members)) {
    const generated = Array.isArray(value) ? value : []
    return (
      members.length > generated.length || members.some((item, index) => lengthens(item, generated[index]))
    )
  }
  return (
    isObject(members) &&
    Object.entries(members).some(([name, member]) => lengthens(member, at(value, [name])))
  )
}

/** Members of `usage` that `total_tokens` adds up. */
const summands = ["prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"] as const

/** Returns a reply whose total of tokens is the sum of the others, if the scenario sets some of them without the total. */
function withTotal(value: object, members: object): object {
  const [usage, set] = [at(value, ["usage"]), at(members, ["usage"])]
  if (!isObject(usage) || !isObject(set) || !("total_tokens" in usage) || "total_tokens" in set) return value
  if (!summands.some((name) => name in set)) return value
  const total_tokens = summands.reduce((sum, name) => sum + Number(at(usage, [name]) ?? 0), 0)
  return { ...value, usage: { ...usage, total_tokens } }
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
  const changed = Object.entries(members).map(([name, member]) => [name, merged(at(before, [name]), member)])
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
