import {
  type ChatCompletionChunk,
  type ChatCompletionResponse,
  type ProfileName,
  profiles,
} from "@nexhina/schemas"
import {
  assembleChat,
  canonicalChat,
  DONE,
  decode,
  encodeEvent,
  type StreamEvent,
  splitChat,
} from "@nexhina/stream"
import type { NamedAlteration, Reply, Situation } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { chatStreamDefects, chatStreamVariants } from "./chat-streams.ts"
import { sseDefects, sseVariants } from "./sse.ts"
import { usageDefects, usageVariants } from "./usage.ts"

const alterations: readonly NamedAlteration[] = [
  ...sseDefects,
  ...sseVariants,
  ...chatStreamDefects,
  ...chatStreamVariants,
  ...usageDefects,
  ...usageVariants,
]
const utf8 = new TextEncoder()

interface Case {
  readonly completion: ChatCompletionResponse
  readonly profile: ProfileName
  readonly includeUsage: boolean
  readonly streaming: boolean
}

const texts = fc
  .array(fc.constantFrom("Hello", " wörld", " 😀", "\n", " data: ", " [DONE]"), { maxLength: 5 })
  .map((words) => words.join(""))
const call = (index: number) => ({
  id: `call_${index}`,
  type: "function" as const,
  function: { name: "get_weather", arguments: '{"city":"Paris"}' },
})
const messages = fc.oneof(
  texts.map((content) => ({ role: "assistant" as const, content })),
  fc.integer({ min: 1, max: 2 }).map((count) => ({
    role: "assistant" as const,
    content: null,
    tool_calls: Array.from({ length: count }, (_, index) => call(index)),
  })),
)
const cases: fc.Arbitrary<Case> = fc.record({
  completion: fc.array(messages, { minLength: 1, maxLength: 3 }).map((messages) => ({
    id: "chatcmpl-1",
    object: "chat.completion" as const,
    created: 1713833628,
    model: "gpt-4o",
    choices: messages.map((message, index) => ({
      index,
      message,
      finish_reason: "tool_calls" in message ? "tool_calls" : "stop",
    })),
    usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
  })),
  profile: fc.constantFrom("nexhina", "openai"),
  includeUsage: fc.boolean(),
  streaming: fc.boolean(),
})

const chunksOf = ({ completion, profile, includeUsage }: Case): ChatCompletionChunk[] =>
  splitChat(completion, { profile: profiles[profile], includeUsage })

const eventsOf = (chunks: readonly object[]): StreamEvent[] => [...chunks, DONE].map((data) => ({ data }))

function situationOf({ completion, includeUsage, streaming }: Case): Situation {
  const request = {
    n: completion.choices.length,
    max_tokens: 16,
    ...(streaming && { stream: true, stream_options: { include_usage: includeUsage } }),
  }
  const ask = {
    method: "POST",
    target: "/v1/chat/completions",
    headers: [["accept-encoding", "gzip"] as const],
    body: utf8.encode(JSON.stringify(request)),
  }
  return { operationId: "createChatCompletion", ask, request, streaming }
}

/** What an alteration gets at its stage, and what it makes of it. */
function applied(alteration: NamedAlteration, drawn: Case): { before: unknown; after: unknown } {
  const situation = situationOf(drawn)
  const { streaming } = situation
  const events = streaming ? eventsOf(chunksOf(drawn)) : []
  const frames = (streaming ? events.map(encodeEvent) : [JSON.stringify(drawn.completion)]).map((text) => ({
    bytes: utf8.encode(text),
  }))
  switch (alteration.stage) {
    case "request":
      return { before: situation.request, after: alteration.apply(situation.request, situation) }
    case "value":
      return { before: drawn.completion, after: alteration.apply(drawn.completion, situation) }
    case "events":
      return { before: events, after: alteration.apply(events, situation) }
    case "bytes":
      return { before: frames, after: alteration.apply(frames, situation) }
    case "wire": {
      const type = streaming ? "text/event-stream; charset=utf-8" : "application/json"
      const reply: Reply = {
        status: 200,
        headers: [["content-type", type]],
        body: streaming ? frames : JSON.stringify(drawn.completion),
        end: "complete",
      }
      return { before: reply, after: alteration.apply(reply, situation) }
    }
  }
}

test.each(alterations.map((alteration): [string, NamedAlteration] => [alteration.id, alteration]))(
  "%s changes some answer, and none that it got in place",
  (_, alteration) => {
    const samples = fc.sample(cases, { seed: 1, numRuns: 60 })
    let changed = 0
    for (const drawn of samples) {
      const copy = structuredClone(drawn)
      const { before, after } = applied(alteration, drawn)
      if (!isSame(before, after)) changed++
      expect(drawn).toEqual(copy)
    }
    expect(changed).toBeGreaterThan(0)
  },
)

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

const spelledEvents = (variant: NamedAlteration, events: readonly StreamEvent[], situation: Situation) => {
  const sent = variant.stage === "events" ? variant.apply(events, situation) : events
  const frames = sent.map((event) => ({ bytes: utf8.encode(encodeEvent(event)) }))
  const bytes = variant.stage === "bytes" ? variant.apply(frames, situation) : frames
  return Buffer.concat(bytes.map((frame) => frame.bytes))
}

test.each(sseVariants.map((variant): [string, NamedAlteration] => [variant.id, variant]))(
  "%s: a client gets the same data",
  (_, variant) => {
    fc.assert(
      fc.property(cases, (drawn) => {
        const events = eventsOf(chunksOf(drawn))
        const { events: decoded, pending } = decode(
          spelledEvents(variant, events, { ...situationOf(drawn), streaming: true }),
        )
        const data = [...decoded, ...(pending ? [pending] : [])].map(({ data }) => data)
        expect(data.map((text) => (text === DONE ? DONE : JSON.parse(text)))).toEqual(
          events.map(({ data }) => data),
        )
      }),
    )
  },
)

/** Variants that add to what a stream says, or say it in other words. */
const otherwise = new Set([
  "unknown-chunk-members",
  "model-snapshot",
  "chunk-azure-filters",
  "chunk-created-ticks",
  "usage-forced",
  "usage-reasoning-besides",
  "usage-details",
  "usage-details-null",
])

test.each(
  [...chatStreamVariants, ...usageVariants]
    .filter(({ id }) => !otherwise.has(id))
    .map((variant): [string, NamedAlteration] => [variant.id, variant]),
)("%s: a stream says the same", (_, variant) => {
  fc.assert(
    fc.property(cases, (drawn) => {
      const chunks = chunksOf(drawn)
      const situation = { ...situationOf(drawn), streaming: true }
      const altered = variant.stage === "events" ? variant.apply(eventsOf(chunks), situation) : []
      // A variant is legal: its chunks are chunks.
      const sent = altered.flatMap(({ data }) =>
        typeof data === "object" ? [data as ChatCompletionChunk] : [],
      )
      const said = assembleChat(sent)
      const meant = assembleChat(chunks)
      expect(said && canonicalChat(said)).toEqual(meant && canonicalChat(meant))
    }),
  )
})
