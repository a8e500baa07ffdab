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
import { cut, cutAtTokens } from "./fragments.ts"
import { type Payload, readPayload } from "./payload.ts"
import { withoutNulls } from "./without-nulls.ts"

/**
 * The events of the stream that says what a response says, numbered from 0: the response as it was opened, each item
 * with its parts in turn, and one event that ends it: `response.completed`, or what its status says instead. Texts
 * are cut at words, or at tokens where there are log probabilities. Items that are not made of text, or have no id
 * by which a delta could name them, come whole.
 */
export function splitResponse(response: ResponseObject): ResponseStreamEvent[] {
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
  tell(events, "response.created", { response: opened })
  tell(events, "response.in_progress", { response: opened })
  response.output.forEach((item, output_index) => {
    tell(events, "response.output_item.added", { output_index, item: openItem(item) })
    const item_id = idOf(item)
    if (item_id !== undefined) tellItem(events, item, { item_id, output_index })
    tell(events, "response.output_item.done", { output_index, item })
  })
  tell(events, endOf(response), { response })
  return events
}

type KnownType = Exclude<ResponseStreamEvent["type"], UnlistedTag>
type EventOf<Type> = Extract<ResponseStreamEvent, { type: Type }>

function tell<Type extends KnownType>(
  events: ResponseStreamEvent[],
  type: Type,
  members: Omit<EventOf<Type>, "type" | "sequence_number">,
) {
  // The members are those of this type, which a generic type cannot tell.
  events.push({ type, sequence_number: events.length, ...members } as EventOf<Type>)
}

function endOf({ status, error, incomplete_details }: ResponseObject): ResponseEnd {
  if (status === "failed" || (status === undefined && error)) return "response.failed"
  if (status === "incomplete" || (status === undefined && incomplete_details)) return "response.incomplete"
  return "response.completed"
}

/** The id that deltas name. Not every kind of item must have one. */
function idOf(item: ResponseOutputItem): string | undefined {
  return "id" in item && typeof item.id === "string" ? item.id : undefined
}

/** The item before any of its text has come. */
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
    default:
      return item
  }
}

interface ItemPlace {
  readonly item_id: string
  readonly output_index: number
}

function tellItem(events: ResponseStreamEvent[], item: ResponseOutputItem, place: ItemPlace) {
  switch (item.type) {
    case "message":
      tellParts(events, item.content, place)
      break
    case "reasoning":
      item.summary.forEach((part, summary_index) => {
        tellSummary(events, part, { ...place, summary_index })
      })
      tellParts(events, item.content ?? [], place)
      break
    case "function_call":
      for (const delta of cut(item.arguments)) {
        tell(events, "response.function_call_arguments.delta", { ...place, delta })
      }
      tell(events, "response.function_call_arguments.done", {
        ...place,
        name: item.name,
        arguments: item.arguments,
      })
      break
    case "custom_tool_call":
      for (const delta of cut(item.input)) {
        tell(events, "response.custom_tool_call_input.delta", { ...place, delta })
      }
      tell(events, "response.custom_tool_call_input.done", { ...place, input: item.input })
  }
}

function tellSummary(
  events: ResponseStreamEvent[],
  part: ResponseReasoning["summary"][number],
  place: ItemPlace & { readonly summary_index: number },
) {
  tell(events, "response.reasoning_summary_part.added", { ...place, part: { ...part, text: "" } })
  for (const delta of cut(part.text)) {
    tell(events, "response.reasoning_summary_text.delta", { ...place, delta })
  }
  tell(events, "response.reasoning_summary_text.done", { ...place, text: part.text })
  tell(events, "response.reasoning_summary_part.done", { ...place, part })
}

type Part = ResponseOutputMessage["content"][number] | NonNullable<ResponseReasoning["content"]>[number]

function tellParts(events: ResponseStreamEvent[], parts: readonly Part[], item: ItemPlace) {
  parts.forEach((part, content_index) => {
    const place = { ...item, content_index }
    tell(events, "response.content_part.added", { ...place, part: openPart(part) })
    switch (part.type) {
      case "output_text":
        tellText(events, part, place)
        break
      case "refusal":
        for (const delta of cut(part.refusal)) tell(events, "response.refusal.delta", { ...place, delta })
        tell(events, "response.refusal.done", { ...place, refusal: part.refusal })
        break
      case "reasoning_text":
        for (const delta of cut(part.text)) tell(events, "response.reasoning_text.delta", { ...place, delta })
        tell(events, "response.reasoning_text.done", { ...place, text: part.text })
    }
    tell(events, "response.content_part.done", { ...place, part })
  })
}

/** The part before any of its text has come. */
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

function tellText(
  events: ResponseStreamEvent[],
  { text, logprobs, annotations }: ResponseOutputText,
  place: ItemPlace & { readonly content_index: number },
) {
  const { item_id, output_index, content_index } = place
  const type = "response.output_text.delta"
  for (const { text: delta, tokens } of cutAtTokens(text, logprobs)) {
    const sequence_number = events.length
    // Without `tell`: nearly all of a stream is made here, and spreading takes ten times as long.
    events.push(
      logprobs
        ? { type, sequence_number, item_id, output_index, content_index, delta, logprobs: tokens ?? [] }
        : { type, sequence_number, item_id, output_index, content_index, delta },
    )
  }
  annotations.forEach((annotation, annotation_index) => {
    tell(events, "response.output_text.annotation.added", { ...place, annotation_index, annotation })
  })
  tell(events, "response.output_text.done", { ...place, text, ...(logprobs && { logprobs }) })
}

/** The type of an event that ends a response. */
export type ResponseEnd = "response.completed" | "response.incomplete" | "response.failed"

/** Whether nothing of a response follows an event of this type. */
export function isResponseEnd(type: string): type is ResponseEnd {
  return type === "response.completed" || type === "response.incomplete" || type === "response.failed"
}

/** What the events of a stream say, twice over: piece by piece, and in the event that ends it. */
export interface AssembledResponse {
  /**
   * The response of the latest event that has one, with the output that the items' own events tell: texts are what
   * their deltas make up, all else is as it was said last. What was never opened is not there.
   */
  readonly response: ResponseObject
  /** What the event that ends the stream gives as the response; undefined when none came. */
  readonly final?: ResponseObject
  /** The type of that event. */
  readonly end?: ResponseEnd
}

/**
 * What the events of a stream say together, in canonical form; undefined when none of them has a response. It takes
 * any events in any order; those of unknown types say nothing.
 */
export function assembleResponse(events: Iterable<ResponseStreamEvent>): AssembledResponse | undefined {
  const items = new Map<number, ToldItem>()
  const itemAt = (index: number) => at(items, index, newItem)
  const partAt = (place: { readonly output_index: number; readonly content_index: number }) =>
    at(itemAt(place.output_index).content, place.content_index, newPart)
  const summaryAt = (place: { readonly output_index: number; readonly summary_index: number }) =>
    at(itemAt(place.output_index).summary, place.summary_index, newPart)

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
      case "response.output_item.added":
      case "response.output_item.done":
        itemAt(event.output_index).item = event.item
        break
      case "response.content_part.added":
      case "response.content_part.done":
        partAt(event).part = event.part
        break
      case "response.output_text.delta":
        extend(partAt(event), event.delta)
        for (const token of event.logprobs ?? []) partAt(event).logprobs.push(token)
        break
      case "response.refusal.delta":
      case "response.reasoning_text.delta":
        extend(partAt(event), event.delta)
        break
      case "response.output_text.annotation.added":
        if (event.annotation) partAt(event).annotations.set(event.annotation_index, event.annotation)
        break
      case "response.output_text.done":
      case "response.reasoning_text.done":
        partAt(event).done = event.text
        break
      case "response.refusal.done":
        partAt(event).done = event.refusal
        break
      case "response.reasoning_summary_part.added":
      case "response.reasoning_summary_part.done":
        summaryAt(event).part = event.part
        break
      case "response.reasoning_summary_text.delta":
        extend(summaryAt(event), event.delta)
        break
      case "response.reasoning_summary_text.done":
        summaryAt(event).done = event.text
        break
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        extend(itemAt(event.output_index).input, event.delta)
        break
      case "response.function_call_arguments.done":
        itemAt(event.output_index).input.done = event.arguments
        break
      case "response.custom_tool_call_input.done":
        itemAt(event.output_index).input.done = event.input
    }
  }
  if (!response) return undefined
  const output = inOrder(items).flatMap((told) => wholeItem(told) ?? [])
  return { response: canonicalResponse({ ...response, output }), ...ended }
}

/** A text as it was told: in deltas, and whole. */
interface ToldText {
  deltas?: string
  done?: string
}

interface ToldPart extends ToldText {
  part?: Part | ResponseReasoning["summary"][number]
  readonly annotations: Map<number, ResponseAnnotation>
  readonly logprobs: Pick<TokenLogprob, "token" | "logprob">[]
}

interface ToldItem {
  item?: ResponseOutputItem
  /** Arguments of a call. */
  readonly input: ToldText
  readonly content: Map<number, ToldPart>
  readonly summary: Map<number, ToldPart>
}

const newItem = (): ToldItem => ({ input: {}, content: new Map(), summary: new Map() })
const newPart = (): ToldPart => ({ annotations: new Map(), logprobs: [] })

function at<Value>(values: Map<number, Value>, index: number, make: () => Value): Value {
  const known = values.get(index)
  if (known) return known
  const made = make()
  values.set(index, made)
  return made
}

function inOrder<Value>(values: Map<number, Value>): Value[] {
  return [...values].sort(([a], [b]) => a - b).map(([, value]) => value)
}

function extend(text: ToldText, delta: string) {
  text.deltas = (text.deltas ?? "") + delta
}

function wholeItem({ item, input, content, summary }: ToldItem): ResponseOutputItem | undefined {
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
    default:
      return item
  }
}

function wholeParts<P extends NonNullable<ToldPart["part"]>>(
  parts: readonly P[],
  told: Map<number, ToldPart>,
): P[] {
  const whole = new Map<number, P>(parts.entries())
  for (const [index, { part, ...tellings }] of told) {
    // A server that opens a part of a kind that the item cannot have said so all the same.
    const opened = whole.get(index) ?? (part as P | undefined)
    if (opened) whole.set(index, wholePart(opened, tellings))
  }
  return inOrder(whole)
}

function wholePart<P extends NonNullable<ToldPart["part"]>>(
  part: P,
  { deltas, done, annotations, logprobs }: Omit<ToldPart, "part">,
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
 * The form in which responses can be compared, whether they came whole or in events: members that are null left out
 * where they may be absent, of the response, its messages, reasoning and calls, and their parts, and log
 * probabilities that are an empty list.
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

/** An event of a Responses stream, and what its data is: an event of the contract (`item`), JSON that is none (`other`), or neither. */
export type ResponsePayload = { readonly event: DecodedEvent } & (
  | { readonly kind: "item"; readonly item: ResponseStreamEvent }
  | { readonly kind: "other"; readonly json: unknown }
  | Exclude<Payload, { readonly kind: "json" }>
)

/** A decoded stream, read as a Responses stream. */
export interface ResponseStream extends DecodedStream {
  readonly payloads: readonly ResponsePayload[]
  readonly items: readonly ResponseStreamEvent[]
  /** What the `pending` event would be: clients that are no strict parsers see it. */
  readonly unclosed?: ResponsePayload
}

/** Reads the data of each event. Parses all of them, so call it once for a stream. */
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
