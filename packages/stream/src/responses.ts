import {
  type ResponseAnnotation,
  type ResponseObject,
  type ResponseOutputItem,
  type ResponseOutputMessage,
  type ResponseOutputText,
  type ResponseReasoning,
  ResponseStreamEvent,
  type TokenLogprob,
  type UnlistedTag,
} from "@nexhina/schemas"
import type { DecodedStream } from "./decode.ts"
import type { DecodedEvent } from "./fields.ts"
import { type Cutter, cut, cutAtTokens, words } from "./fragments.ts"
import { type Payload, readPayload } from "./payload.ts"
import { withoutNulls } from "./without-nulls.ts"

/** Options of `splitResponse`. */
export interface SplitResponseOptions {
  /** Splits texts into the pieces that are streamed, which concatenate to the text; "" is skipped. Default: words. */
  readonly tokens?: (text: string) => readonly string[]
}

/**
 * Splits a response into the events of a stream, numbered from 0: the response in progress, each item with its parts in
 * order, and the event that ends the stream: `response.completed`, `response.incomplete` or `response.failed`,
 * depending on the status. Text is split by `tokens`, or at the tokens of its log probabilities. Tools that
 * the server runs report their progress. Other items without text, and items without the id that events refer to, are sent
 * whole.
 */
export function splitResponse(
  response: ResponseObject,
  { tokens = words }: SplitResponseOptions = {},
): ResponseStreamEvent[] {
  const opened: ResponseObject = {
    ...response,
    status: "in_progress",
    ...(response.completed_at !== undefined && { completed_at: null }),
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
  }
  const events: ResponseStreamEvent[] = []
  pushEvent(events, "response.created", { response: opened })
  pushEvent(events, "response.in_progress", { response: opened })
  response.output.forEach((item, output_index) => {
    pushEvent(events, "response.output_item.added", { output_index, item: openItem(item) })
    const item_id = idOf(item)
    if (item_id !== undefined) pushItem({ events, cutter: tokens }, item, { item_id, output_index })
    pushEvent(events, "response.output_item.done", { output_index, item })
  })
  pushEvent(events, endOf(response), { response })
  return events
}

type KnownType = Exclude<ResponseStreamEvent["type"], UnlistedTag>
/** Events about the progress of a tool that the server runs. They have no members except their place. */
type ProgressType = Exclude<
  Extract<
    KnownType,
    | `response.${"web_search" | "file_search" | "code_interpreter" | "image_generation" | "mcp"}_call.${string}`
    | `response.mcp_list_tools.${string}`
  >,
  `${string}.partial_image`
>
type EventOf<Type> = Extract<ResponseStreamEvent, { type: Type }>

function pushEvent<Type extends KnownType>(
  events: ResponseStreamEvent[],
  type: Type,
  members: Omit<EventOf<Type>, "type" | "sequence_number">,
) {
  // TypeScript cannot relate the members to a generic event type; the parameter types do.
  events.push({ type, sequence_number: events.length, ...members } as EventOf<Type>)
}

function endOf({ status, error, incomplete_details }: ResponseObject): ResponseEnd {
  if (status === "failed" || (status === undefined && error)) return "response.failed"
  if (status === "incomplete" || (status === undefined && incomplete_details)) return "response.incomplete"
  return "response.completed"
}

/** Returns the id that deltas refer to. Not every kind of item has one. */
function idOf(item: ResponseOutputItem): string | undefined {
  return "id" in item && typeof item.id === "string" ? item.id : undefined
}

/** Returns the item as it is added to the stream: in progress and without text. */
function openItem(whole: ResponseOutputItem): ResponseOutputItem {
  const item =
    "status" in whole && whole.status != null ? { ...whole, status: "in_progress" as const } : whole
  if (idOf(item) === undefined) return item
  switch (item.type) {
    case "message":
      return { ...item, content: [] }
    case "reasoning":
      return { ...item, summary: [], ...(item.content && { content: [] }) }
    case "function_call":
      return { ...item, arguments: "" }
    case "custom_tool_call":
      return { ...item, input: "" }
    case "code_interpreter_call":
      return { ...item, ...(item.code !== null && { code: "" }), outputs: null }
    case "image_generation_call":
      return { ...item, result: null }
    case "mcp_call":
      return { ...item, arguments: "", ...(item.output !== undefined && { output: null }) }
    case "mcp_list_tools":
      return { ...item, tools: [] }
    default:
      return item
  }
}

/** The events of a stream so far, and how its texts are split. */
interface Stream {
  readonly events: ResponseStreamEvent[]
  readonly cutter: Cutter
}

interface ItemPlace {
  readonly item_id: string
  readonly output_index: number
}

function pushItem(stream: Stream, item: ResponseOutputItem, place: ItemPlace) {
  const { events, cutter } = stream
  switch (item.type) {
    case "message":
      pushParts(stream, item.content, place)
      break
    case "reasoning":
      item.summary.forEach((part, summary_index) => {
        pushSummary(stream, part, { ...place, summary_index })
      })
      pushParts(stream, item.content ?? [], place)
      break
    case "function_call":
      for (const delta of cut(item.arguments, cutter)) {
        pushEvent(events, "response.function_call_arguments.delta", { ...place, delta })
      }
      pushEvent(events, "response.function_call_arguments.done", {
        ...place,
        name: item.name,
        arguments: item.arguments,
      })
      break
    case "custom_tool_call":
      for (const delta of cut(item.input, cutter)) {
        pushEvent(events, "response.custom_tool_call_input.delta", { ...place, delta })
      }
      pushEvent(events, "response.custom_tool_call_input.done", { ...place, input: item.input })
      break
    default:
      pushHosted(stream, item, place)
  }
}

/** Pushes the progress of a tool that the server runs. */
function pushHosted({ events, cutter }: Stream, item: ResponseOutputItem, place: ItemPlace) {
  const push = (...types: readonly ProgressType[]) => {
    for (const type of types) pushEvent(events, type, place)
  }
  switch (item.type) {
    case "web_search_call":
      push("response.web_search_call.in_progress", "response.web_search_call.searching")
      if (item.status === "completed") push("response.web_search_call.completed")
      break
    case "file_search_call":
      push("response.file_search_call.in_progress", "response.file_search_call.searching")
      if (item.status === "completed") push("response.file_search_call.completed")
      break
    case "code_interpreter_call":
      push("response.code_interpreter_call.in_progress")
      if (item.code !== null) {
        for (const delta of cut(item.code, cutter))
          pushEvent(events, "response.code_interpreter_call_code.delta", { ...place, delta })
        pushEvent(events, "response.code_interpreter_call_code.done", { ...place, code: item.code })
      }
      push("response.code_interpreter_call.interpreting")
      if (item.status === "completed") push("response.code_interpreter_call.completed")
      break
    case "image_generation_call":
      push("response.image_generation_call.in_progress", "response.image_generation_call.generating")
      if (item.status === "completed") push("response.image_generation_call.completed")
      break
    case "mcp_list_tools":
      push("response.mcp_list_tools.in_progress")
      push(item.error == null ? "response.mcp_list_tools.completed" : "response.mcp_list_tools.failed")
      break
    case "mcp_call":
      push("response.mcp_call.in_progress")
      for (const delta of cut(item.arguments, cutter))
        pushEvent(events, "response.mcp_call_arguments.delta", { ...place, delta })
      pushEvent(events, "response.mcp_call_arguments.done", { ...place, arguments: item.arguments })
      push(item.error == null ? "response.mcp_call.completed" : "response.mcp_call.failed")
  }
}

function pushSummary(
  stream: Stream,
  part: ResponseReasoning["summary"][number],
  place: ItemPlace & { readonly summary_index: number },
) {
  const { events, cutter } = stream
  pushEvent(events, "response.reasoning_summary_part.added", { ...place, part: { ...part, text: "" } })
  for (const delta of cut(part.text, cutter)) {
    pushEvent(events, "response.reasoning_summary_text.delta", { ...place, delta })
  }
  pushEvent(events, "response.reasoning_summary_text.done", { ...place, text: part.text })
  pushEvent(events, "response.reasoning_summary_part.done", { ...place, part })
}

type Part = ResponseOutputMessage["content"][number] | NonNullable<ResponseReasoning["content"]>[number]

function pushParts(stream: Stream, parts: readonly Part[], item: ItemPlace) {
  const { events, cutter } = stream
  parts.forEach((part, content_index) => {
    const place = { ...item, content_index }
    pushEvent(events, "response.content_part.added", { ...place, part: openPart(part) })
    switch (part.type) {
      case "output_text":
        pushText(stream, part, place)
        break
      case "refusal":
        for (const delta of cut(part.refusal, cutter))
          pushEvent(events, "response.refusal.delta", { ...place, delta })
        pushEvent(events, "response.refusal.done", { ...place, refusal: part.refusal })
        break
      case "reasoning_text":
        for (const delta of cut(part.text, cutter))
          pushEvent(events, "response.reasoning_text.delta", { ...place, delta })
        pushEvent(events, "response.reasoning_text.done", { ...place, text: part.text })
    }
    pushEvent(events, "response.content_part.done", { ...place, part })
  })
}

/** Returns the part as it is added to the stream: without text. */
function openPart(part: Part): Part {
  switch (part.type) {
    case "output_text":
      return { ...part, text: "", annotations: [], ...(part.logprobs && { logprobs: [] }) }
    case "refusal":
      return { ...part, refusal: "" }
    case "reasoning_text":
      return { ...part, text: "" }
    default:
      return part
  }
}

function pushText(
  stream: Stream,
  { text, logprobs, annotations }: ResponseOutputText,
  place: ItemPlace & { readonly content_index: number },
) {
  const { events, cutter } = stream
  const { item_id, output_index, content_index } = place
  const type = "response.output_text.delta"
  for (const { text: delta, tokens } of cutAtTokens(text, logprobs, cutter)) {
    const sequence_number = events.length
    // Not `pushEvent`: nearly all events of a stream are created here, and its spread is ten times slower.
    events.push(
      logprobs
        ? { type, sequence_number, item_id, output_index, content_index, delta, logprobs: tokens ?? [] }
        : { type, sequence_number, item_id, output_index, content_index, delta },
    )
  }
  annotations.forEach((annotation, annotation_index) => {
    pushEvent(events, "response.output_text.annotation.added", { ...place, annotation_index, annotation })
  })
  pushEvent(events, "response.output_text.done", { ...place, text, ...(logprobs && { logprobs }) })
}

/** The type of an event that ends a response. */
export type ResponseEnd = "response.completed" | "response.incomplete" | "response.failed"

/** Returns whether an event of this type ends a response. */
export function isResponseEnd(type: string): type is ResponseEnd {
  return type === "response.completed" || type === "response.incomplete" || type === "response.failed"
}

/** A response assembled from the events of a stream. */
export interface AssembledResponse {
  /**
   * The latest response object in the stream, with its output rebuilt from the events of the items: each text is the
   * concatenation of its deltas, everything else is the latest value. Items that were never added are left out.
   */
  readonly response: ResponseObject
  /** The response object of the event that ends the stream; undefined when there is no such event. */
  readonly final?: ResponseObject
  /** The type of that event. */
  readonly end?: ResponseEnd
}

/**
 * Assembles the events of a stream into a response in canonical form. Returns undefined when no event contains a
 * response object. Accepts any events in any order; events of unknown types are ignored.
 */
export function assembleResponse(events: Iterable<ResponseStreamEvent>): AssembledResponse | undefined {
  const items: ItemDrafts = new Map()
  let response: ResponseObject | undefined
  let ended: { readonly final: ResponseObject; readonly end: ResponseEnd } | undefined
  for (const event of events) {
    switch (event.type) {
      case "response.created":
      case "response.queued":
      case "response.in_progress":
        response = event.response
        break
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
        response = event.response
        ended = { final: canonicalResponse(event.response), end: event.type }
        break
      default:
        addToItem(items, event)
    }
  }
  if (!response) return undefined
  const output = inOrder(items).flatMap((draft) => wholeItem(draft) ?? [])
  return { response: canonicalResponse({ ...response, output }), ...ended }
}

/** Adds an event to the item that it belongs to. Events of other kinds belong to a part. */
function addToItem(items: ItemDrafts, event: ResponseStreamEvent) {
  switch (event.type) {
    case "response.output_item.added":
    case "response.output_item.done":
      itemAt(items, event).item = event.item
      break
    case "response.function_call_arguments.delta":
    case "response.custom_tool_call_input.delta":
    case "response.code_interpreter_call_code.delta":
    case "response.mcp_call_arguments.delta":
      extend(itemAt(items, event).input, event.delta)
      break
    case "response.function_call_arguments.done":
    case "response.mcp_call_arguments.done":
      itemAt(items, event).input.done = event.arguments
      break
    case "response.custom_tool_call_input.done":
      itemAt(items, event).input.done = event.input
      break
    case "response.code_interpreter_call_code.done":
      itemAt(items, event).input.done = event.code
      break
    default:
      addToPart(items, event)
  }
}

/** Adds an event to a content part or a summary part. Ignores events of unknown types. */
function addToPart(items: ItemDrafts, event: ResponseStreamEvent) {
  switch (event.type) {
    case "response.content_part.added":
    case "response.content_part.done":
      partAt(items, event).part = event.part
      break
    case "response.output_text.delta":
      extend(partAt(items, event), event.delta)
      for (const token of event.logprobs ?? []) partAt(items, event).logprobs.push(token)
      break
    case "response.refusal.delta":
    case "response.reasoning_text.delta":
      extend(partAt(items, event), event.delta)
      break
    case "response.output_text.annotation.added":
      if (event.annotation) partAt(items, event).annotations.set(event.annotation_index, event.annotation)
      break
    case "response.output_text.done":
    case "response.reasoning_text.done":
      partAt(items, event).done = event.text
      break
    case "response.refusal.done":
      partAt(items, event).done = event.refusal
      break
    case "response.reasoning_summary_part.added":
    case "response.reasoning_summary_part.done":
      summaryAt(items, event).part = event.part
      break
    case "response.reasoning_summary_text.delta":
      extend(summaryAt(items, event), event.delta)
      break
    case "response.reasoning_summary_text.done":
      summaryAt(items, event).done = event.text
  }
}

/** A text as received: the concatenated deltas, and the text of the `done` event. */
interface TextDraft {
  deltas?: string
  done?: string
}

interface PartDraft extends TextDraft {
  part?: Part | ResponseReasoning["summary"][number]
  readonly annotations: Map<number, ResponseAnnotation>
  readonly logprobs: Pick<TokenLogprob, "token" | "logprob">[]
}

interface ItemDraft {
  item?: ResponseOutputItem
  /** The arguments of a call of a function or an MCP tool, the input of a custom tool call, or the code to run. */
  readonly input: TextDraft
  readonly content: Map<number, PartDraft>
  readonly summary: Map<number, PartDraft>
}

type ItemDrafts = Map<number, ItemDraft>

const newItem = (): ItemDraft => ({ input: {}, content: new Map(), summary: new Map() })
const newPart = (): PartDraft => ({ annotations: new Map(), logprobs: [] })

function itemAt(items: ItemDrafts, { output_index }: { readonly output_index: number }): ItemDraft {
  return at(items, output_index, newItem)
}

function partAt(
  items: ItemDrafts,
  place: { readonly output_index: number; readonly content_index: number },
): PartDraft {
  return at(itemAt(items, place).content, place.content_index, newPart)
}

function summaryAt(
  items: ItemDrafts,
  place: { readonly output_index: number; readonly summary_index: number },
): PartDraft {
  return at(itemAt(items, place).summary, place.summary_index, newPart)
}

/** Returns the value at an index, which is created first if it is missing. */
function at<Value>(values: Map<number, Value>, index: number, create: () => Value): Value {
  const existing = values.get(index)
  if (existing) return existing
  const created = create()
  values.set(index, created)
  return created
}

function inOrder<Value>(values: Map<number, Value>): Value[] {
  return [...values].sort(([a], [b]) => a - b).map(([, value]) => value)
}

function extend(text: TextDraft, delta: string) {
  text.deltas = (text.deltas ?? "") + delta
}

function wholeItem({ item, input, content, summary }: ItemDraft): ResponseOutputItem | undefined {
  const text = input.deltas ?? input.done
  switch (item?.type) {
    case "message":
      return { ...item, content: wholeParts(item.content, content) }
    case "reasoning": {
      const texts = wholeParts(item.content ?? [], content)
      return {
        ...item,
        summary: wholeParts(item.summary, summary),
        ...((item.content || texts.length > 0) && { content: texts }),
      }
    }
    case "function_call":
      return { ...item, arguments: text ?? item.arguments }
    case "custom_tool_call":
      return { ...item, input: text ?? item.input }
    case "code_interpreter_call":
      return { ...item, code: text ?? item.code }
    case "mcp_call":
      return { ...item, arguments: text ?? item.arguments }
    default:
      return item
  }
}

function wholeParts<P extends NonNullable<PartDraft["part"]>>(
  parts: readonly P[],
  drafts: Map<number, PartDraft>,
): P[] {
  const whole = new Map<number, P>(parts.entries())
  for (const [index, { part, ...draft }] of drafts) {
    // The server may have opened a part of a kind that this item does not allow. It is kept, so that callers see it.
    const opened = whole.get(index) ?? (part as P | undefined)
    if (opened) whole.set(index, wholePart(opened, draft))
  }
  return inOrder(whole)
}

function wholePart<P extends NonNullable<PartDraft["part"]>>(
  part: P,
  { deltas, done, annotations, logprobs }: Omit<PartDraft, "part">,
): P {
  const text = deltas ?? done
  switch (part.type) {
    case "refusal":
      return { ...part, refusal: text ?? part.refusal }
    case "output_text":
      return {
        ...part,
        text: text ?? part.text,
        ...(annotations.size > 0 && { annotations: inOrder(annotations) }),
        ...(logprobs.length > 0 && { logprobs }),
      }
    case "reasoning_text":
    case "summary_text":
      return { ...part, text: text ?? part.text }
    default:
      return part
  }
}

/**
 * Returns the canonical form of a response, in which streamed and unstreamed responses can be compared. Optional members
 * that are null are removed from the response, its messages, reasoning items and calls, and their parts. Empty lists of
 * log probabilities are removed too.
 */
export function canonicalResponse(response: ResponseObject): ResponseObject {
  const { error, incomplete_details, instructions, metadata, temperature, top_p, output } = response
  return {
    ...withoutNulls(response),
    error,
    incomplete_details,
    instructions,
    metadata,
    temperature,
    top_p,
    output: output.map(canonicalItem),
  }
}

function canonicalItem(item: ResponseOutputItem): ResponseOutputItem {
  switch (item.type) {
    case "message":
      return { ...withoutNulls(item), content: item.content.map(canonicalPart) }
    case "reasoning":
    case "function_call":
    case "custom_tool_call":
      return withoutNulls(item)
    default:
      return item
  }
}

function canonicalPart(
  part: ResponseOutputMessage["content"][number],
): ResponseOutputMessage["content"][number] {
  if (part.type !== "output_text") return part
  const { logprobs, ...rest } = part
  return { ...rest, ...(logprobs?.length && { logprobs }) }
}

/**
 * An event of a Responses stream and its parsed data: a valid stream event (`item`), other JSON (`other`), `[DONE]`, an
 * error, or data that is not JSON.
 */
export type ResponsePayload = { readonly event: DecodedEvent } & (
  | { readonly kind: "item"; readonly item: ResponseStreamEvent }
  | { readonly kind: "other"; readonly json: unknown }
  | Exclude<Payload, { readonly kind: "json" }>
)

/** A decoded stream with its data parsed as Responses events. */
export interface ResponseStream extends DecodedStream {
  readonly payloads: readonly ResponsePayload[]
  readonly items: readonly ResponseStreamEvent[]
  /** The payload of the `pending` event, which only lenient clients see. */
  readonly unclosed?: ResponsePayload
}

/** Parses the data of each event. Nothing is cached: call it once per stream. */
export function readResponseStream(decoded: DecodedStream): ResponseStream {
  const payloads = decoded.events.map(readResponsePayload)
  const items = payloads.flatMap((payload) => (payload.kind === "item" ? [payload.item] : []))
  const { pending } = decoded
  return { ...decoded, payloads, items, ...(pending && { unclosed: readResponsePayload(pending) }) }
}

function readResponsePayload(event: DecodedEvent): ResponsePayload {
  const payload = readPayload(event)
  if (payload.kind !== "json") return { event, ...payload }
  const { json } = payload
  const { success, data: item } = ResponseStreamEvent.safeParse(json)
  if (!success) return { event, kind: "other", json }
  return item.type === "error" ? { event, kind: "error", error: item } : { event, kind: "item", item }
}
