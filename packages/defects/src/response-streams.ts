import type { ResponseObject, ResponseOutputItem, ResponseStreamEvent } from "@nexhina/schemas"
import type { StreamEvent } from "@nexhina/stream"
import type { Alteration, Situation } from "@nexhina/wire"
import { type Defect, type Variant, without } from "./defect.ts"

type Events = Extract<Alteration, { stage: "events" }>
type Type = ResponseStreamEvent["type"]
type EventOf<T extends Type> = Extract<ResponseStreamEvent, { type: T }>

/** Changes what a Responses stream sends, with its names and its [DONE]. */
const onSent = (apply: (sent: readonly StreamEvent[]) => readonly StreamEvent[]): Events => ({
  stage: "events",
  apply: (events, { operationId }) => (operationId === "createResponse" ? apply(events) : events),
})

/** Changes all events of a Responses stream together: each keeps its type as its name, and [DONE] stays last. */
function onEvents(
  apply: (events: readonly ResponseStreamEvent[], situation: Situation) => readonly object[],
): Events {
  return {
    stage: "events",
    apply(sent, situation) {
      if (situation.operationId !== "createResponse") return sent
      const events = sent.flatMap(({ data }) =>
        // All that a Responses stream carries as objects are its events.
        typeof data === "object" ? [data as ResponseStreamEvent] : [],
      )
      return [
        ...apply(events, situation).map((data): StreamEvent => {
          const type = "type" in data ? String(data.type) : undefined
          return { ...(type !== undefined && { event: type }), data }
        }),
        ...sent.filter(({ data }) => typeof data !== "object"),
      ]
    },
  }
}

const isOf =
  <T extends Type>(type: T) =>
  (event: ResponseStreamEvent): event is EventOf<T> =>
    event.type === type

/** Changes the events of one type, given how many of them came before. */
const onEach = <T extends Type>(type: T, change: (event: EventOf<T>, at: number) => object): Events =>
  onEvents((events) => {
    let at = 0
    const isIt = isOf(type)
    return events.map((event) => (isIt(event) ? change(event, at++) : event))
  })

/** Changes every event. */
const onEvery = (change: (event: ResponseStreamEvent, at: number) => object): Events =>
  onEvents((events) => events.map(change))

const renumbered = (events: readonly object[]): object[] =>
  events.map((event, sequence_number) => ({ ...event, sequence_number }))

/** Sends no events of these types. */
const leavingOut = (...types: Type[]): Events =>
  onEvents((events) => renumbered(events.filter(({ type }) => !types.includes(type))))

/** Sends each event of one type, and something after it. */
const followed = <T extends Type>(type: T, by: (event: EventOf<T>) => readonly object[]): Events => {
  const isIt = isOf(type)
  return onEvents((events) =>
    renumbered(events.flatMap((event) => (isIt(event) ? [event, ...by(event)] : [event]))),
  )
}

/** Changes the response in an event. */
const withResponse = (
  event: { readonly response: ResponseObject },
  change: (response: ResponseObject) => object,
): object => ({ ...event, response: { ...event.response, ...change(event.response) } })

/** Changes the response in the event that completes it. */
const onCompleted = (change: (response: ResponseObject) => object): Events =>
  onEach("response.completed", (event) => withResponse(event, change))

const isMessage = (item: ResponseOutputItem) => item.type === "message"

/** A message of which the text is another. */
const saying = (item: ResponseOutputItem, text: string): object =>
  item.type === "message" ? { ...item, content: [{ type: "output_text", text, annotations: [] }] } : item

/** A message of which each text is a refusal. */
const asRefusal = (item: ResponseOutputItem): object =>
  item.type === "message"
    ? {
        ...item,
        content: item.content.map((part) =>
          part.type === "output_text" ? { type: "refusal", refusal: part.text } : part,
        ),
      }
    : item

const failure = { code: "server_error", message: "The model stopped before its end." }

/** The beginning of a stream, of which the response then fails. */
const beginning = (events: readonly ResponseStreamEvent[]) => events.slice(0, Math.ceil(events.length / 2))

const failedEvent = ([first]: readonly ResponseStreamEvent[]): object[] =>
  first && "response" in first
    ? [{ type: "response.failed", response: { ...first.response, status: "failed", error: failure } }]
    : []

/** Joins the deltas of one text to one. */
function joined(events: readonly ResponseStreamEvent[]): object[] {
  const result: object[] = []
  let open: { type: string; delta: string; logprobs: object[] } | undefined
  for (const event of events) {
    if (!("delta" in event) || typeof event.delta !== "string") {
      open = undefined
      result.push(event)
      continue
    }
    const logprobs = ("logprobs" in event && event.logprobs) || []
    if (open?.type === event.type) {
      open.delta += event.delta
      open.logprobs.push(...logprobs)
    } else {
      open = { ...event, delta: event.delta, logprobs: [...logprobs] }
      result.push(open)
    }
  }
  return renumbered(result)
}

const annotation = {
  type: "url_citation",
  url: "https://example.org",
  title: "",
  start_index: 0,
  end_index: 1,
}

const cited = <Part extends { readonly type: string }>(part: Part) =>
  part.type === "output_text" ? { ...part, annotations: [annotation] } : part

const citing = (item: ResponseOutputItem): object =>
  item.type === "message" ? { ...item, content: item.content.map(cited) } : item

/** Cites a source at the end of each text. */
function annotated(event: ResponseStreamEvent): object[] {
  switch (event.type) {
    case "response.output_text.done": {
      const { item_id, output_index, content_index } = event
      const place = { item_id, output_index, content_index }
      const added = {
        type: "response.output_text.annotation.added",
        ...place,
        annotation_index: 0,
        annotation,
      }
      return [added, event]
    }
    case "response.content_part.done":
      return [{ ...event, part: cited(event.part) }]
    case "response.output_item.done":
      return [{ ...event, item: citing(event.item) }]
    case "response.completed":
    case "response.incomplete":
      return [withResponse(event, ({ output }) => ({ output: output.map(citing) }))]
    default:
      return [event]
  }
}

const events = "OpenAI API reference, Responses streaming events"

/** The events that announce and close a part of reasoning, under the names that vLLM gives them. */
const asVllm = (event: ResponseStreamEvent): object =>
  "part" in event && event.part.type === "reasoning_text"
    ? { ...event, type: event.type.replace("content_part", "reasoning_part") }
    : event

/** Announces calls with other members than they have when they are closed. */
const onAnnouncedCalls = (members: object): Events =>
  onEach("response.output_item.added", (event) =>
    event.item.type === "function_call" ? { ...event, item: { ...event.item, ...members } } : event,
  )

export const responseStreamDefects: readonly Defect[] = [
  {
    id: "resp-event-data-no-type",
    says: "the data of events has no type",
    breaks: "resp.event-type",
    fault: "no-type",
    also: [],
    seen: ["https://github.com/7836246/cursor2api/issues/114"],
    ...onSent((sent) =>
      sent.map((event) =>
        typeof event.data === "object" ? { ...event, data: without(event.data, "type") } : event,
      ),
    ),
  },
  {
    id: "resp-event-name-differs",
    says: "the `event:` line has a different type than the data",
    breaks: "resp.event-type",
    fault: "name-differs",
    also: [],
    seen: [`${events}: type`],
    ...onSent((sent) => sent.map((event) => (event.event ? { ...event, event: "response.delta" } : event))),
  },
  {
    id: "resp-event-named-message",
    says: "every `event:` line says message, whatever the type in the data",
    breaks: "resp.event-type",
    fault: "name-differs",
    also: [],
    seen: [`${events}: type`],
    ...onSent((sent) => sent.map((event) => (event.event ? { ...event, event: "message" } : event))),
  },
  {
    id: "resp-call-announced-without-id",
    says: "calls are announced with an empty call_id",
    breaks: "resp.call-announced",
    fault: "call-id",
    also: [],
    seen: [`${events}: response.output_item.added, item`],
    ...onAnnouncedCalls({ call_id: "" }),
  },
  {
    id: "resp-call-announced-without-name",
    says: "calls are announced with an empty name",
    breaks: "resp.call-announced",
    fault: "name",
    also: [],
    seen: [`${events}: response.output_item.added, item`],
    ...onAnnouncedCalls({ name: "" }),
  },
  {
    id: "resp-item-id-omitted",
    says: "the event with the complete text does not identify its item",
    breaks: "resp.event-schema",
    fault: "missing",
    also: [],
    seen: ["https://github.com/lemonade-sdk/lemonade/issues/3607"],
    ...onEach("response.output_text.done", (event) => without(event, "item_id")),
  },
  {
    id: "resp-event-logprobs-object",
    says: "the log probabilities of deltas are an object instead of a list",
    breaks: "resp.event-schema",
    fault: "wrong-value",
    also: [],
    seen: [`${events}: response.output_text.delta, logprobs`],
    ...onEach("response.output_text.delta", (event) => ({ ...event, logprobs: {} })),
  },
  {
    id: "resp-sequence-number-missing",
    says: "events have no sequence_number",
    breaks: "resp.sequence",
    fault: "missing",
    also: [],
    seen: ["https://github.com/onyx-dot-app/onyx/pull/13624"],
    ...onEvery((event) => without(event, "sequence_number")),
  },
  {
    id: "resp-sequence-number-hardcoded",
    says: "the event that completes an item always has sequence_number 1",
    breaks: "resp.sequence",
    fault: "not-increasing",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/pull/28899"],
    ...onEach("response.output_item.done", (event) => ({ ...event, sequence_number: 1 })),
  },
  {
    id: "resp-sequence-number-gaps",
    says: "every second sequence_number is skipped",
    breaks: "resp.sequence-contiguous",
    fault: "gap",
    also: [],
    seen: [`${events}: sequence_number`],
    ...onEvery((event, at) => ({ ...event, sequence_number: 2 * at })),
  },
  {
    id: "resp-created-not-sent",
    says: "the stream begins without response.created",
    breaks: "resp.lifecycle",
    fault: "first",
    also: [],
    seen: [`${events}: response.created`],
    ...leavingOut("response.created"),
  },
  {
    id: "resp-created-twice",
    says: "response.created is sent twice",
    breaks: "resp.lifecycle",
    fault: "created-twice",
    also: [],
    seen: [`${events}: response.created`],
    ...followed("response.created", (event) => [event]),
  },
  {
    id: "resp-completed-not-sent",
    says: "the stream has no event that ends the response",
    breaks: "resp.lifecycle",
    fault: "no-terminal",
    also: [],
    seen: ["https://github.com/dwgx/WindsurfAPI/issues/63"],
    ...leavingOut("response.completed", "response.incomplete"),
  },
  {
    id: "resp-completed-twice",
    says: "response.completed is sent twice",
    breaks: "resp.lifecycle",
    fault: "several-terminals",
    also: [],
    seen: [`${events}: response.completed`],
    ...followed("response.completed", (event) => [event]),
  },
  {
    id: "resp-event-after-completed",
    says: "a response.in_progress event follows response.completed",
    breaks: "resp.lifecycle",
    fault: "after-terminal",
    also: [],
    seen: [`${events}: response.completed`],
    ...followed("response.completed", (event) => [
      {
        ...withResponse(event, () => ({ status: "in_progress", usage: null })),
        type: "response.in_progress",
      },
    ]),
  },
  {
    id: "resp-response-not-nested",
    says: "the members of the response are at the top level of its events instead of in `response`",
    breaks: "resp.lifecycle",
    fault: "no-response",
    also: [],
    seen: ["https://github.com/7836246/cursor2api/issues/114"],
    ...onEvery((event) =>
      "response" in event ? { ...without(event.response, "error"), ...without(event, "response") } : event,
    ),
  },
  {
    id: "resp-id-changes",
    says: "the id of the response changes when it is completed",
    breaks: "resp.lifecycle",
    fault: "id-changes",
    also: [],
    seen: [`${events}: response`],
    ...onCompleted(({ id }) => ({ id: `${id}-final` })),
  },
  {
    id: "resp-model-changes",
    says: "the model of the response changes when it is completed",
    breaks: "resp.model-constant",
    fault: "changes",
    also: [],
    seen: ["OpenAI API reference, the response object: model"],
    ...onCompleted(({ model }) => ({ model: `${model}-latest` })),
  },
  {
    id: "resp-created-with-output",
    says: "the first event already contains an output item",
    breaks: "resp.opening",
    fault: "output",
    also: [],
    seen: [`${events}: response.created`],
    ...onEach("response.created", (event) =>
      withResponse(event, () => ({
        output: [{ type: "message", id: "msg_0", role: "assistant", status: "in_progress", content: [] }],
      })),
    ),
  },
  {
    id: "resp-created-with-usage",
    says: "the first event already contains usage",
    breaks: "resp.opening",
    fault: "usage",
    also: [],
    seen: [`${events}: response.created`],
    ...onEach("response.created", (event) =>
      withResponse(event, () => ({ usage: { input_tokens: 8, output_tokens: 0, total_tokens: 8 } })),
    ),
  },
  {
    id: "resp-created-completed",
    says: "the status in the first event is completed",
    breaks: "resp.status-consistent",
    fault: "other-than-event",
    also: [],
    seen: [`${events}: response.created`],
    ...onEach("response.created", (event) => withResponse(event, () => ({ status: "completed" }))),
  },
  {
    id: "resp-index-fields-omitted",
    says: "deltas do not identify their item",
    breaks: "resp.output-index",
    fault: "no-output-index",
    also: ["resp.event-schema"],
    seen: ["https://github.com/lemonade-sdk/lemonade/issues/3607"],
    ...onEach("response.output_text.delta", (event) =>
      without(event, "output_index", "content_index", "item_id"),
    ),
  },
  {
    id: "resp-content-index-omitted",
    says: "deltas do not identify their content part",
    breaks: "resp.output-index",
    fault: "no-content-index",
    also: [],
    seen: ["https://github.com/lemonade-sdk/lemonade/issues/3607"],
    ...onEach("response.output_text.delta", (event) => without(event, "content_index")),
  },
  {
    id: "resp-content-index-from-one",
    says: "the content_index of the parts of a message starts at 1",
    breaks: "resp.output-index",
    fault: "part-not-next",
    also: [],
    seen: [`${events}: content_index, the index of the content part`],
    ...onEvery((event) =>
      "content_index" in event ? { ...event, content_index: event.content_index + 1 } : event,
    ),
  },
  {
    id: "resp-output-index-fragmented",
    says: "all items have output_index 0",
    breaks: "resp.output-index",
    fault: "not-next",
    also: [],
    seen: [
      "https://github.com/Oaklight/llm-rosetta/issues/418",
      "https://github.com/BerriAI/litellm/pull/36375",
    ],
    ...onEvery((event) => ("output_index" in event ? { ...event, output_index: 0 } : event)),
  },
  {
    id: "resp-output-reversed",
    says: "the items in the final output are not in the order of their output_index",
    breaks: "resp.output-index",
    fault: "position",
    also: [],
    seen: ["https://github.com/Oaklight/llm-rosetta/issues/418"],
    ...onCompleted(({ output }) => ({ output: [...output].reverse() })),
  },
  {
    id: "resp-items-unannounced",
    says: "items have no response.output_item.added event",
    breaks: "resp.item-lifecycle",
    fault: "item-not-opened",
    also: ["resp.reasoning-lifecycle"],
    seen: ["https://github.com/BerriAI/litellm/pull/36375"],
    ...leavingOut("response.output_item.added"),
  },
  {
    id: "resp-content-part-added-missing",
    says: "content parts have no added and done events",
    breaks: "resp.item-lifecycle",
    fault: "part-not-opened",
    also: ["resp.reasoning-lifecycle"],
    seen: ["https://github.com/Wei-Shaw/sub2api/issues/2875"],
    ...leavingOut("response.content_part.added", "response.content_part.done"),
  },
  {
    id: "resp-content-part-twice",
    says: "content parts are added twice",
    breaks: "resp.item-lifecycle",
    fault: "opened-twice",
    also: ["resp.reasoning-lifecycle"],
    seen: [`${events}: response.content_part.added`],
    ...followed("response.content_part.added", (event) => [event]),
  },
  {
    id: "resp-delta-after-done",
    says: "a delta follows the complete text",
    breaks: "resp.item-lifecycle",
    fault: "after-close",
    also: [],
    seen: [`${events}: response.output_text.done`],
    ...followed("response.output_text.done", ({ item_id, output_index, content_index }) => [
      { type: "response.output_text.delta", item_id, output_index, content_index, delta: "", logprobs: [] },
    ]),
  },
  {
    id: "resp-text-done-missing",
    says: "content parts have no event with the complete text",
    breaks: "resp.item-lifecycle",
    fault: "text-not-done",
    also: [],
    seen: [`${events}: response.output_text.done`],
    ...leavingOut("response.output_text.done"),
  },
  {
    id: "resp-content-part-done-missing",
    says: "content parts have no done event",
    breaks: "resp.item-lifecycle",
    fault: "part-not-closed",
    also: ["resp.reasoning-lifecycle"],
    seen: ["https://github.com/Wei-Shaw/sub2api/issues/2875"],
    ...leavingOut("response.content_part.done"),
  },
  {
    id: "resp-item-done-missing",
    says: "items have no response.output_item.done event",
    breaks: "resp.item-lifecycle",
    fault: "item-not-closed",
    also: ["resp.reasoning-lifecycle"],
    seen: [`${events}: response.output_item.done`],
    ...leavingOut("response.output_item.done"),
  },
  {
    id: "resp-item-added-with-content",
    says: "a message is added with an empty content part, which is then added again",
    breaks: "resp.item-opening",
    fault: "content",
    also: [],
    seen: [`${events}: response.output_item.added`],
    ...onEach("response.output_item.added", (event) => ({ ...event, item: saying(event.item, "") })),
  },
  {
    id: "resp-item-added-completed",
    says: "the status of items is completed when they are added",
    breaks: "resp.item-opening",
    fault: "status",
    also: [],
    seen: [`${events}: response.output_item.added`],
    ...onEach("response.output_item.added", (event) => ({
      ...event,
      item: { ...event.item, status: "completed" },
    })),
  },
  {
    id: "resp-item-done-in-progress",
    says: "the status of items is in_progress when they are done",
    breaks: "resp.item-closing",
    fault: "status",
    also: [],
    seen: [`${events}: response.output_item.done, the item that was marked done`],
    ...onEach("response.output_item.done", (event) => ({
      ...event,
      item: { ...event.item, status: "in_progress" },
    })),
  },
  {
    id: "resp-item-id-varies-per-event",
    says: "each delta has a different item_id",
    breaks: "resp.item-id-stable",
    fault: "id-changes",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/issues/30071"],
    ...onEach("response.output_text.delta", (event, at) => ({ ...event, item_id: `${event.item_id}-${at}` })),
  },
  {
    id: "resp-item-id-repeated",
    says: "all items have the same id",
    breaks: "resp.item-id-stable",
    fault: "id-repeated",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/pull/36375"],
    ...onEvery((event) => {
      const id = "item_0"
      const named = (item: object) => ({ ...item, id })
      if ("item" in event) return { ...event, item: named(event.item) }
      if ("response" in event) return withResponse(event, ({ output }) => ({ output: output.map(named) }))
      return "item_id" in event ? { ...event, item_id: id } : event
    }),
  },
  {
    id: "resp-item-id-regenerated",
    says: "the ids of items are different in the final output",
    breaks: "resp.item-id-stable",
    fault: "final-differs",
    also: [],
    seen: ["https://github.com/EricLBuehler/mistral.rs/issues/1944"],
    ...onCompleted(({ output }) => ({
      output: output.map((item, at) => ({ ...item, id: `item_final_${at}` })),
    })),
  },
  {
    id: "resp-delta-object",
    says: "deltas are objects that contain the text",
    breaks: "resp.delta-concat",
    fault: "not-a-string",
    also: [],
    seen: [`${events}: response.output_text.delta`],
    ...onEach("response.output_text.delta", (event) => ({ ...event, delta: { text: event.delta } })),
  },
  {
    id: "resp-text-done-empty",
    says: "the text in the event with the complete text is empty",
    breaks: "resp.delta-concat",
    fault: "text",
    also: [],
    seen: [`${events}: response.output_text.done`],
    ...onEach("response.output_text.done", (event) => ({ ...event, text: "" })),
  },
  {
    id: "resp-arguments-done-empty",
    says: "the arguments in the event with the complete arguments are empty",
    breaks: "resp.delta-concat",
    fault: "arguments",
    also: [],
    seen: [`${events}: response.function_call_arguments.done`],
    ...onEach("response.function_call_arguments.done", (event) => ({ ...event, arguments: "" })),
  },
  {
    id: "resp-part-done-empty",
    says: "content parts have no text when they are done",
    breaks: "resp.delta-concat",
    fault: "part",
    also: [],
    seen: [`${events}: response.content_part.done`],
    ...onEach("response.content_part.done", (event) => ({
      ...event,
      part: { type: "output_text", text: "", annotations: [] },
    })),
  },
  {
    id: "resp-first-delta-lost",
    says: "the first delta of a text is missing",
    breaks: "resp.delta-concat",
    fault: "item",
    also: [],
    seen: [`${events}: response.output_text.delta`],
    ...onEvents((events) => {
      const lost = events.findIndex(isOf("response.output_text.delta"))
      return renumbered(events.filter((_, at) => at !== lost))
    }),
  },
  {
    id: "resp-completed-without-output",
    says: "the final output is empty",
    breaks: "resp.final-equals-stream",
    fault: "missing-item",
    also: [],
    seen: [`${events}: response.completed`],
    ...onCompleted(() => ({ output: [] })),
  },
  {
    id: "resp-completed-other-text",
    says: "the message in the final output has no text",
    breaks: "resp.final-equals-stream",
    fault: "other-item",
    also: [],
    seen: [`${events}: response.completed`],
    ...onCompleted(({ output }) => ({ output: output.map((item) => saying(item, "")) })),
  },
  {
    id: "resp-completed-as-refusal",
    says: "the text of messages is a refusal in the final output",
    breaks: "resp.final-equals-stream",
    fault: "other-item",
    also: [],
    seen: [`${events}: response.completed`],
    ...onCompleted(({ output }) => ({ output: output.map(asRefusal) })),
  },
  {
    id: "resp-message-not-streamed",
    says: "the message is only in the final output",
    breaks: "resp.final-equals-stream",
    fault: "extra-item",
    also: [],
    seen: [`${events}: response.output_item.added`],
    ...onEvents((events) =>
      events.some((event) => event.type === "response.output_item.added" && !isMessage(event.item))
        ? events
        : renumbered(events.filter((event) => !("output_index" in event))),
    ),
  },
  {
    id: "resp-done-missing",
    says: "a Responses stream ends without [DONE]",
    breaks: "sse.done-present",
    fault: "missing",
    also: [],
    seen: ["Streaming Output Guide: the Responses API ends with data: [DONE] too"],
    ...onSent((sent) => sent.filter(({ data }) => typeof data === "object")),
  },
  {
    id: "resp-failed-without-error",
    says: "a stream ends with response.failed without an error",
    breaks: "err.midstream-signalled",
    fault: "shape",
    also: ["resp.status-consistent"],
    seen: [`${events}: response.failed`],
    ...onEvents((events) =>
      renumbered([
        ...beginning(events),
        ...failedEvent(events).map((event) => ({
          ...event,
          ...("response" in event && { response: { ...Object(event.response), error: null } }),
        })),
      ]),
    ),
  },
  {
    id: "resp-reasoning-part-lost",
    says: "the parts of reasoning are not announced, but their deltas are sent",
    breaks: "resp.reasoning-lifecycle",
    fault: "unannounced",
    also: [],
    seen: ["https://github.com/earendil-works/pi/issues/4191"],
    ...leavingOut("response.reasoning_summary_part.added"),
  },
  {
    id: "resp-goes-on-after-error",
    says: "a stream continues after an error event",
    breaks: "err.midstream-signalled",
    fault: "goes-on",
    also: [],
    seen: [`${events}: error`],
    ...onEvents((events) =>
      renumbered([
        ...beginning(events),
        { type: "error", ...failure, param: null },
        ...events.slice(beginning(events).length),
      ]),
    ),
  },
]

export const responseStreamVariants: readonly Variant[] = [
  {
    id: "resp-reasoning-unannounced",
    says: "the parts of reasoning are neither announced nor closed",
    notes: ["resp.reasoning-lifecycle"],
    seen: [
      "https://github.com/earendil-works/pi/issues/4191",
      "ollama, openai/responses.go: processThinking",
    ],
    ...leavingOut("response.reasoning_summary_part.added", "response.reasoning_summary_part.done"),
  },
  {
    id: "resp-reasoning-parts-vllm",
    says: "the parts of reasoning are announced by response.reasoning_part.added, as vLLM does",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/pull/35184"],
    ...onEvery(asVllm),
  },
  {
    id: "resp-no-event-names",
    says: "Responses streams have no `event:` lines",
    notes: [],
    seen: ["Streaming Output Guide: every event is a line of data"],
    ...onSent((sent) => sent.map(({ event: _, ...rest }) => rest)),
  },
  {
    id: "resp-done-anyway",
    says: "Responses streams always end with [DONE]",
    notes: [],
    seen: ["Open Responses specification: streams end with [DONE]"],
    ...onSent((sent) => [...sent.filter(({ data }) => typeof data === "object"), { data: "[DONE]" }]),
  },
  {
    id: "resp-comments",
    says: "Responses streams contain keep-alive comments",
    notes: [],
    seen: ["WHATWG HTML, section 9.2.6: comments"],
    ...onSent((sent) => sent.flatMap((event) => [{ comment: "PING" }, event])),
  },
  {
    id: "resp-unknown-events",
    says: "Responses streams contain events of undocumented types",
    notes: [],
    seen: [`${events}: the list has grown before`],
    ...onEvents((events) =>
      renumbered(
        events.flatMap((event) => [event, { type: "response.x_progress", percent: 50 }]).slice(0, -1),
      ),
    ),
  },
  {
    id: "resp-obfuscation",
    says: "deltas contain obfuscation, random padding that hides their length",
    notes: [],
    seen: [`${events}: stream_options.include_obfuscation`],
    ...onEvery((event) => ("delta" in event ? { ...event, obfuscation: "aX4bQ" } : event)),
  },
  {
    id: "resp-event-logprobs-missing",
    says: "text events have no logprobs",
    notes: [],
    seen: [`${events}: servers older than the member`],
    ...onEvery((event) => without(event, "logprobs")),
  },
  {
    id: "resp-queued",
    says: "the response is queued before it is in progress",
    notes: [],
    seen: [`${events}: response.queued`],
    ...followed("response.created", (event) => [
      { ...withResponse(event, () => ({ status: "queued" })), type: "response.queued" },
    ]),
  },
  {
    id: "resp-in-progress-not-sent",
    says: "items follow response.created directly, without response.in_progress",
    notes: [],
    seen: [`${events}: not every stream contains response.in_progress`],
    ...leavingOut("response.in_progress"),
  },
  {
    id: "resp-sequence-from-one",
    says: "the first sequence_number is 1",
    notes: [],
    seen: [`${events}: sequence_number`],
    ...onEvery((event, at) => ({ ...event, sequence_number: at + 1 })),
  },
  {
    id: "resp-one-delta",
    says: "each text and all arguments are sent in one delta",
    notes: [],
    seen: [`${events}: the size of a delta is the server's`],
    ...onEvents(joined),
  },
  {
    id: "resp-empty-deltas",
    says: "each text starts with an empty delta",
    notes: [],
    seen: [`${events}: response.output_text.delta`],
    ...followed("response.content_part.added", ({ item_id, output_index, content_index }) => [
      { type: "response.output_text.delta", item_id, output_index, content_index, delta: "", logprobs: [] },
    ]),
  },
  {
    id: "resp-annotations",
    says: "texts have a citation annotation",
    notes: [],
    seen: [`${events}: response.output_text.annotation.added`],
    ...onEvents((events) => renumbered(events.flatMap(annotated))),
  },
  {
    id: "resp-cut-left-open",
    says: "the item that is cut by the token limit has no done event",
    notes: [],
    seen: [`${events}: response.incomplete`],
    ...onEvents((events) =>
      events.some(isOf("response.incomplete"))
        ? renumbered(events.filter(({ type }) => !type.endsWith(".done")))
        : events,
    ),
  },
  {
    id: "resp-stream-fails",
    says: "streams fail in the middle with response.failed",
    notes: [],
    seen: [`${events}: response.failed`],
    ...onEvents((events) => renumbered([...beginning(events), ...failedEvent(events)])),
  },
  {
    id: "resp-stream-errors",
    says: "streams fail in the middle with an error event and response.failed",
    notes: [],
    seen: [`${events}: error`],
    ...onEvents((events) =>
      renumbered([...beginning(events), { type: "error", ...failure, param: null }, ...failedEvent(events)]),
    ),
  },
]
