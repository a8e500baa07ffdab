import { ResponseStreamEvent } from "@nexhina/schemas"
import { z } from "zod"
import { isObject } from "../reading/answered.ts"
import { shown } from "../reading/shown.ts"

type Members = Readonly<Record<string, unknown>>

interface Event {
  readonly value: Members
  readonly type: string | undefined
  readonly event: number
}

/** A stretch of text that grows by deltas. */
interface Growing {
  /** What came so far: what it was opened with, and the deltas. */
  text: string
  /** Whether a delta was no text, so that the joined text means nothing. */
  garbled: boolean
  /** Whether the event with the whole text came. */
  isDone: boolean
}

/** A part of a message or of a reasoning item. */
interface Part extends Growing {
  /** Whether an event announced it. */
  readonly isAnnounced: boolean
  /** Whether it has an event with its whole text, besides that which closes it. */
  hasText: boolean
  isClosed: boolean
}

/** An item of the output as a stream tells it. */
export interface StreamedItem {
  readonly index: number
  /** Whether an event announced it. */
  readonly isAnnounced: boolean
  /** The event that first spoke of it. */
  readonly first: Event
  /** As it was announced. */
  readonly opened: Members
  /** Its first id, of the item itself or in an event about it. */
  id: string | undefined
  /** As its last event shows it. */
  closed: Members | undefined
  /** By kind and index: `content/0`, `summary/0`. */
  readonly parts: ReadonlyMap<string, Part>
  /** Arguments or input of a call. */
  readonly own: Growing
}

interface OpenItem extends StreamedItem {
  isAnnounced: boolean
  opened: Members
  readonly parts: Map<string, Part>
}

/** In which way events contradict one another. */
export const streamProblems = {
  "no-output-index": "an event about an item has no output_index that is an integer",
  "no-content-index": "an event about a part has no content_index (summary_index) that is an integer",
  "not-next": "an item does not get the next output_index from 0",
  "item-not-opened": "an event is about an item that response.output_item.added did not announce",
  "part-not-opened": "an event is about a part that no event announced",
  "opened-twice": "a part is announced twice",
  "after-close": "an event about an item or part comes after the one that closed it",
  "text-not-done": "a part is closed without the event that has its whole text",
  "part-not-closed": "a part is never closed",
  "item-not-closed": "an item is never closed",
  "id-changes": "an event about an item has another id than the item",
  "id-repeated": "two items have one id",
  "not-a-string": "a delta is no string",
  text: "the whole text in the event that ends it is not the joined deltas",
  arguments: "the whole arguments in the event that ends them are not the joined deltas",
  part: "the closed part has another text than its deltas",
  item: "the closed item has another text, or other arguments, than its deltas",
} as const
export type StreamProblemName = keyof typeof streamProblems

export interface StreamProblem {
  readonly fault: StreamProblemName
  readonly event: number
  readonly pointer: string
  readonly expected: string
  readonly actual: string
}

/** The members of each known kind of event. */
const membersByType: ReadonlyMap<unknown, ReadonlySet<string>> = new Map(
  ResponseStreamEvent.options.flatMap(({ shape }): [unknown, Set<string>][] => {
    const { type } = shape
    return type instanceof z.ZodLiteral ? [[type.value, new Set(Object.keys(shape))]] : []
  }),
)

/** Whether the contract knows this type of event: others are passed over. */
export const isKnownType = (type: string | undefined): boolean => membersByType.has(type)

/** Kinds of parts: by which member an event says which one it is about. */
const indexMembers = { content: "content_index", summary: "summary_index" } as const

/** The member of an item that events of these types tell piece by piece. */
const ownTexts: Readonly<Record<string, string>> = {
  "response.function_call_arguments": "arguments",
  "response.custom_tool_call_input": "input",
}

/** Events by which a part is announced and closed; others of a part tell what is in it. */
const partEvents: Readonly<Record<string, "open" | "close">> = {
  "response.content_part.added": "open",
  "response.content_part.done": "close",
  "response.reasoning_summary_part.added": "open",
  "response.reasoning_summary_part.done": "close",
}

/** The member by which the last event of a part's text says all of it. */
const partTexts: Readonly<Record<string, string>> = {
  "response.output_text": "text",
  "response.refusal": "refusal",
  "response.reasoning_text": "text",
  "response.reasoning_summary_text": "text",
}

const membersOf = (value: unknown): Members => (isObject(value) ? value : {})
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textOr = (value: unknown): string => (typeof value === "string" ? value : "")

/** The text of a part of any kind. */
const textOfPart = (value: unknown): string => {
  const { text, refusal } = membersOf(value)
  return textOr(text ?? refusal)
}

/** The member that holds the text which calls of the client's tools have of their own. */
const ownMembers: ReadonlyMap<unknown, string> = new Map([
  ["function_call", "arguments"],
  ["custom_tool_call", "input"],
])

function ownTextOf(item: Members): string {
  const member = ownMembers.get(item["type"])
  return member === undefined ? "" : textOr(item[member])
}

/** The parts of an item, by kind and index. */
function* partsOf(item: Members): Iterable<[key: string, part: unknown]> {
  for (const kind of ["content", "summary"] as const) {
    for (const [index, part] of itemsOf(item[kind]).entries()) yield [`${kind}/${index}`, part]
  }
}

const growing = (text: string): Growing => ({ text, garbled: false, isDone: false })

/** Follows items and parts through the events. `isWhole`: the response says that it is complete. */
export function readItems(
  events: readonly Event[],
  isWhole: boolean,
): { readonly items: readonly StreamedItem[]; readonly problems: readonly StreamProblem[] } {
  const items = new Map<number, OpenItem>()
  const ids = new Map<string, number>()
  const problems: StreamProblem[] = []
  const problem = (
    { event }: Event,
    fault: StreamProblemName,
    pointer: string,
    expected: string,
    actual: unknown,
  ) => problems.push({ fault, event, pointer, expected, actual: shown(actual) })

  const sayId = (event: Event, item: OpenItem, pointer: string, id: unknown) => {
    if (typeof id !== "string" || id === "" || id === item.id) return
    if (item.id !== undefined) {
      problem(event, "id-changes", pointer, shown(item.id), id)
      return
    }
    item.id = id
    const earlier = ids.get(id)
    if (earlier !== undefined) problem(event, "id-repeated", pointer, `another than item ${earlier}'s`, id)
    else ids.set(id, item.index)
  }

  const open = (event: Event, index: number, opened: Members, isAnnounced: boolean): OpenItem => {
    const item: OpenItem = {
      index,
      isAnnounced,
      first: event,
      opened,
      id: undefined,
      closed: undefined,
      parts: new Map(),
      own: growing(ownTextOf(opened)),
    }
    items.set(index, item)
    return item
  }

  const add = (event: Event, index: number) => {
    const opened = membersOf(event.value["item"])
    const known = items.get(index)
    if (known && !known.isAnnounced) {
      // Late, which the event before has been blamed for.
      known.isAnnounced = true
      known.opened = opened
      sayId(event, known, "/item/id", opened["id"])
      return
    }
    if (known || index !== items.size) problem(event, "not-next", "/output_index", String(items.size), index)
    if (!known) sayId(event, open(event, index, opened, true), "/item/id", opened["id"])
  }

  const close = (event: Event, item: OpenItem) => {
    const closed = membersOf(event.value["item"])
    sayId(event, item, "/item/id", closed["id"])
    item.closed = closed
    for (const [key, part] of partsOf(closed)) {
      const told = item.parts.get(key)
      // Of what a message says nothing may come at its end only; a summary may.
      const expected = told?.text ?? (closed["type"] === "message" ? "" : undefined)
      const text = textOfPart(part)
      if (expected !== undefined && !told?.garbled && expected !== text)
        problem(event, "item", `/item/${key}`, shown(expected), text)
    }
    const { own } = item
    if (!own.garbled && ownTextOf(closed) !== own.text)
      problem(event, "item", "/item", shown(own.text), ownTextOf(closed))
  }

  const grow = (event: Event, what: Growing) => {
    const { delta } = event.value
    if (typeof delta === "string") what.text += delta
    else {
      what.garbled = true
      problem(event, "not-a-string", "/delta", "a string", delta)
    }
  }

  const end = (event: Event, what: Growing, member: string, fault: "text" | "arguments") => {
    what.isDone = true
    const whole = event.value[member]
    if (!what.garbled && whole !== what.text) problem(event, fault, `/${member}`, shown(what.text), whole)
  }

  const aboutPart = (event: Event, item: OpenItem, kind: keyof typeof indexMembers, verb: string) => {
    const member = indexMembers[kind]
    const index = event.value[member]
    if (!Number.isInteger(index)) {
      problem(event, "no-content-index", `/${member}`, "an integer", index)
      return
    }
    const key = `${kind}/${index}`
    const { type = "", value } = event
    const known = item.parts.get(key)
    const turn = partEvents[type]
    if (turn === "open") {
      if (known) problem(event, "opened-twice", `/${member}`, "a part of its own", index)
      else {
        const text = textOfPart(value["part"])
        item.parts.set(key, { ...growing(text), isAnnounced: true, hasText: false, isClosed: false })
      }
      return
    }
    if (!known) problem(event, "part-not-opened", `/${member}`, "a part that was announced", index)
    const part = known ?? { ...growing(""), isAnnounced: false, hasText: false, isClosed: false }
    item.parts.set(key, part)
    const textMember = partTexts[type.slice(0, type.lastIndexOf("."))]
    if (part.isClosed || (part.isDone && textMember !== undefined)) {
      problem(event, "after-close", `/${member}`, "no more of the part", type)
    } else if (textMember !== undefined) {
      part.hasText = true
      if (verb === "delta") grow(event, part)
      else end(event, part, textMember, "text")
    } else if (turn === "close") {
      part.isClosed = true
      const text = textOfPart(value["part"])
      if (part.hasText && !part.isDone)
        problem(event, "text-not-done", `/${member}`, "the event with the whole text first", type)
      if (!part.garbled && text !== part.text) problem(event, "part", "/part", shown(part.text), text)
    }
  }

  const aboutItem = (event: Event, item: OpenItem, members: ReadonlySet<string>) => {
    const { type = "" } = event
    const verb = type.slice(type.lastIndexOf(".") + 1)
    if (item.closed) {
      problem(event, "after-close", "/output_index", "no more of the item", type)
      return
    }
    sayId(event, item, "/item_id", event.value["item_id"])
    if (type === "response.output_item.done") close(event, item)
    else if (members.has("content_index")) aboutPart(event, item, "content", verb)
    else if (members.has("summary_index")) aboutPart(event, item, "summary", verb)
    else {
      const member = ownTexts[type.slice(0, type.lastIndexOf("."))]
      if (member !== undefined && verb === "delta") grow(event, item.own)
      else if (member !== undefined) end(event, item.own, member, "arguments")
    }
  }

  for (const event of events) {
    const members = membersByType.get(event.type)
    if (!members?.has("output_index")) continue
    const index = event.value["output_index"]
    if (typeof index !== "number" || !Number.isInteger(index)) {
      problem(event, "no-output-index", "/output_index", "an integer", index)
    } else if (event.type === "response.output_item.added") add(event, index)
    else {
      const known = items.get(index)
      if (!known) problem(event, "item-not-opened", "/output_index", "an item that was announced", index)
      aboutItem(event, known ?? open(event, index, {}, false), members)
    }
  }

  for (const item of isWhole ? items.values() : []) {
    const { first, isAnnounced, closed, parts } = item
    if (isAnnounced && !closed) {
      problem(first, "item-not-closed", "/output_index", "response.output_item.done for it", item.index)
    }
    for (const [key, part] of parts) {
      if (part.isAnnounced && !part.isClosed)
        problem(first, "part-not-closed", "/output_index", `the end of part ${key}`, item.index)
    }
  }
  return { items: [...items.values()], problems }
}

/** What an item says, so that two tellings of it can be compared: its type, its texts, its call. */
export function gistOf(item: Members): unknown {
  const { type, name, call_id } = item
  const texts = type === "message" ? itemsOf(item["content"]) : itemsOf(item["summary"])
  return [type, texts.map(textOfPart), name ?? null, call_id ?? null, ownTextOf(item)]
}

/** The same of an item as its stream told it: as it was closed, or as its deltas add up. */
export function streamedGist({ opened, closed, parts, own }: StreamedItem): unknown {
  if (closed) return gistOf(closed)
  const texts = (kind: "content" | "summary") =>
    [...parts].filter(([key]) => key.startsWith(kind)).map(([, { text }]) => ({ text }))
  return gistOf({
    ...opened,
    content: texts("content"),
    summary: texts("summary"),
    ...(own.text !== "" && { arguments: own.text }),
  })
}
