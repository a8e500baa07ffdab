import { shown } from "../reading/shown.ts"
import { type Fault, rule } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import {
  type ChatStream,
  type ChunkChoice,
  carries,
  chatStreams,
  completeChatStreams,
  judgedChunks,
  type StreamChunk,
  whereEvent,
} from "../views/chat-streams.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const guide = "Streaming Output Guide"
const chunkPage = "Schema ChatCompletionChunk"
const openai = "OpenAI API reference, the chat completion chunk object"

/** What makes the choices of a chunk readable: one without `created`, say, can be judged in all else. */
export const readable = ["choices", "index", "delta", "content", "tool-calls"].map(
  (fault) => `stream.chunk-schema:${fault}`,
)
/** What makes a stream whole: one that lost events has no right beginning or end either. */
export const whole = ["sse.grammar", "sse.data-json", ...readable]
/** What tells the choices of a stream apart. */
const apart = [...whole, "stream.index-in-range"]

/** The parts of each choice, by index, in the order in which the indices came. */
function partsByIndex(stream: ChatStream, known: TargetFacts): Map<number, ChunkChoice[]> {
  const parts = new Map<number, ChunkChoice[]>()
  for (const part of partsOf(stream, known)) {
    if (typeof part.index !== "number") continue
    const earlier = parts.get(part.index)
    if (earlier) earlier.push(part)
    else parts.set(part.index, [part])
  }
  return parts
}

function partsOf(stream: ChatStream, known: TargetFacts): readonly ChunkChoice[] {
  const judged = judgedChunks(stream, known)
  return judged === stream.chunks ? stream.parts : judged.flatMap(({ choices }) => choices)
}

/** Whether a choice ends here: "" and "null" are null badly written. */
const finishes = ({ finish }: ChunkChoice): boolean =>
  typeof finish === "string" && finish !== "" && finish !== "null"

const hasRole = ({ delta: { role } }: ChunkChoice): boolean => typeof role === "string" && role !== ""

/** Where the value of a member that all chunks share changes. */
function changeOf(
  stream: ChatStream,
  known: TargetFacts,
  member: string,
  type: "string" | "number",
): Fault<"changes">[] {
  const chunks = judgedChunks(stream, known).filter(({ value }) => typeof value[member] === type)
  const first = chunks[0]?.value[member]
  const other = chunks.find(({ value }) => value[member] !== first)
  if (!other) return []
  return [
    {
      fault: "changes",
      at: whereEvent(stream, other.at, `/${member}`),
      expected: `${shown(first)}, as in the first chunk`,
      actual: shown(other.value[member]),
    },
  ]
}

const isText = (value: unknown): boolean => value === undefined || value === null || typeof value === "string"

const isObjectArray = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((item) => typeof item === "object" && item !== null && !Array.isArray(item))

type Flaw = "id" | "object" | "created" | "model" | "choices" | "index" | "delta" | "content" | "tool-calls"

/** What a client cannot read of a chunk. */
function* flawsOf(
  chunk: StreamChunk,
  known: TargetFacts,
): Iterable<Pick<Fault<Flaw>, "fault" | "expected"> & { pointer: string; value: unknown }> {
  const { id, object, created, model, choices, usage } = chunk.value
  // The guide's own sample of a chunk with usage has neither.
  const isShort = known.profileName === "nexhina" && carries(usage)
  const isAbsent = (value: unknown) => isShort && value === undefined

  if (typeof id !== "string" || id === "")
    yield { fault: "id", pointer: "/id", expected: "a string", value: id }
  if (typeof object !== "string")
    yield { fault: "object", pointer: "/object", expected: "a string", value: object }
  if (!Number.isInteger(created) && !isAbsent(created)) {
    yield { fault: "created", pointer: "/created", expected: "an integer", value: created }
  }
  if (typeof model !== "string" && !isAbsent(model)) {
    yield { fault: "model", pointer: "/model", expected: "a string", value: model }
  }
  if (!isObjectArray(choices)) {
    yield { fault: "choices", pointer: "/choices", expected: "an array of objects", value: choices }
  }
  for (const { pointer, value, index, delta } of chunk.choices) {
    if (!Number.isInteger(index)) {
      yield { fault: "index", pointer: `${pointer}/index`, expected: "an integer", value: index }
    }
    if (value["delta"] !== delta) {
      yield { fault: "delta", pointer: `${pointer}/delta`, expected: "an object", value: value["delta"] }
    }
    if (!isText(delta["content"])) {
      yield {
        fault: "content",
        pointer: `${pointer}/delta/content`,
        expected: "a string or null",
        value: delta["content"],
      }
    }
    const calls = delta["tool_calls"]
    if (carries(calls) && !isObjectArray(calls)) {
      yield {
        fault: "tool-calls",
        pointer: `${pointer}/delta/tool_calls`,
        expected: "an array of objects",
        value: calls,
      }
    }
  }
}

export const chatStreamRules = [
  rule({
    id: "stream.chunk-schema",
    since,
    says: "MUST include `id`, `object`, `created`, `model` and `choices` in every chunk, and `index` and `delta` in every choice",
    severity: "MUST",
    source: `${chunkPage}; ${guide}, "Response Format (SSE)"`,
    see: [
      "https://github.com/microsoft/foundry-local/issues/144",
      "https://github.com/Portkey-AI/gateway/issues/858",
    ],
    on: chatStreams,
    faults: {
      id: "id is missing or not a string",
      object: "object is missing or not a string",
      created: "created is missing or not an integer",
      model: "model is missing or not a string",
      choices: "choices is missing or not an array of objects",
      index: "the index of a choice is missing or not an integer",
      delta: "the delta of a choice is missing or not an object",
      content: "content that is neither a string nor null",
      "tool-calls": "tool_calls that are neither an array of objects nor null",
    },
    holds: (stream, known) =>
      firstOfEach(
        judgedChunks(stream, known).flatMap((chunk) =>
          [...flawsOf(chunk, known)].map(({ fault, expected, pointer, value }) => ({
            fault,
            at: whereEvent(stream, chunk.at, pointer),
            expected,
            actual: shown(value),
          })),
        ),
      ),
  }),
  rule({
    id: "stream.id-constant",
    since,
    says: "MUST use the same `id` in all chunks of a stream",
    severity: "MUST",
    source: `${openai}: id`,
    see: [
      "https://github.com/ggml-org/llama.cpp/issues/5876",
      "https://github.com/microsoft/foundry-local/issues/144",
      "https://github.com/BerriAI/litellm/issues/1571",
      "https://github.com/jundot/omlx/pull/2462",
      "https://github.com/modelscope/ms-swift/pull/9926",
    ],
    on: chatStreams,
    after: readable,
    faults: { changes: "an id that differs from the first chunk's" },
    holds: (stream, known) => changeOf(stream, known, "id", "string"),
  }),
  rule({
    id: "stream.created-constant",
    since,
    says: "SHOULD use the same `created` in all chunks of a stream",
    // llama.cpp stamps each chunk with its own second, and no client is known to depend on it.
    severity: "SHOULD",
    source: `${openai}: created`,
    see: ["https://github.com/raullenchai/Rapid-MLX/pull/752"],
    on: chatStreams,
    after: readable,
    faults: { changes: "a created that differs from the first chunk's" },
    holds: (stream, known) => changeOf(stream, known, "created", "number"),
  }),
  rule({
    id: "stream.model-constant",
    since,
    says: "SHOULD use the same `model` in all chunks of a stream",
    severity: "SHOULD",
    source: `${openai}: model`,
    on: chatStreams,
    after: readable,
    faults: { changes: "a model that differs from the first chunk's" },
    holds: (stream, known) => changeOf(stream, known, "model", "string"),
  }),
  rule({
    id: "stream.fingerprint-constant",
    since,
    says: "SHOULD use the same `system_fingerprint` in all chunks of a stream",
    severity: "SHOULD",
    source: `${openai}: system_fingerprint, the backend configuration that the model runs with`,
    on: chatStreams,
    after: readable,
    faults: { changes: "a system_fingerprint that differs from the first one of the stream" },
    holds: (stream, known) => changeOf(stream, known, "system_fingerprint", "string"),
  }),
  rule({
    id: "stream.index-in-range",
    since,
    says: "MUST stream every choice, with the indexes 0 to `n` - 1",
    severity: "MUST",
    source: `${openai}: choices`,
    see: [
      "https://github.com/BerriAI/litellm/issues/3276",
      "https://github.com/BerriAI/litellm/pull/9242",
      "https://github.com/microsoft/foundry-local/issues/144",
    ],
    on: chatStreams,
    after: whole,
    faults: {
      "out-of-range": "an index that is not from 0 to n - 1",
      missing: "an index that never comes",
    },
    holds(stream, known) {
      const n = stream.request.n ?? 1
      const expected = n === 1 ? "index 0" : `indices 0 to ${n - 1}`
      const parts = partsByIndex(stream, known)
      const faults: Fault<"out-of-range" | "missing">[] = []
      for (const [index, [first]] of parts) {
        if ((index >= 0 && index < n) || !first) continue
        const at = whereEvent(stream, first.chunk, `${first.pointer}/index`)
        faults.push({ fault: "out-of-range", at, expected, actual: shown(index) })
      }
      const missing = Array.from({ length: n }, (_, index) => index).filter((index) => !parts.has(index))
      if (missing.length > 0 && stream.stream.complete && stream.chunks.length > 0) {
        const actual = `no chunk with index ${missing.join(" or ")}`
        faults.push({ fault: "missing", at: { part: "end" }, expected, actual })
      }
      return firstOfEach(faults)
    },
  }),
  rule({
    id: "stream.role-first",
    since,
    says: "SHOULD send the role in the first delta of each choice, even when its text is empty",
    severity: "SHOULD",
    source: `${chunkPage}: role; ${openai}: delta`,
    see: [
      "https://github.com/ai-dynamo/dynamo/pull/12741",
      "https://github.com/agentgateway/agentgateway/pull/3005",
    ],
    on: chatStreams,
    after: apart,
    faults: { late: "a first delta without role" },
    holds(stream, known) {
      const parts = partsByIndex(stream, known)
      // The guide's own stream has no role at all.
      if (known.profileName === "nexhina" && ![...parts.values()].some((all) => all.some(hasRole))) return []
      return firstOfEach(
        [...parts.values()].flatMap((all): Fault<"late">[] => {
          const first = all.find((part) => Object.values(part.delta).some(carries) || finishes(part))
          if (!first || hasRole(first)) return []
          const at = whereEvent(stream, first.chunk, `${first.pointer}/delta`)
          return [{ fault: "late", at, expected: "role assistant", actual: shown(first.delta) }]
        }),
      )
    },
  }),
  rule({
    id: "stream.role-valid",
    since,
    says: "MUST NOT send a delta with a role other than `assistant`",
    severity: "MUST",
    source: `${openai}: delta`,
    see: ["https://github.com/MiniMax-AI/MiniMax-M2.5/issues/2"],
    on: chatStreams,
    after: readable,
    faults: { empty: 'the role ""', other: "a different role" },
    holds: (stream, known) =>
      firstOfEach(
        partsOf(stream, known).flatMap(({ chunk, pointer, delta: { role } }): Fault<"empty" | "other">[] => {
          if (role === undefined || role === null || role === "assistant") return []
          const at = whereEvent(stream, chunk, `${pointer}/delta/role`)
          const fault = role === "" ? "empty" : "other"
          return [{ fault, at, expected: '"assistant", null or no role', actual: shown(role) }]
        }),
      ),
  }),
  rule({
    id: "stream.role-once",
    since,
    says: "SHOULD send the role once per choice: clients that concatenate deltas concatenate roles too",
    severity: "SHOULD",
    source: `${openai}: delta`,
    see: ["https://github.com/BerriAI/litellm/pull/9986", "https://github.com/ollama/ollama/issues/4357"],
    on: chatStreams,
    after: apart,
    faults: { repeated: "the role is sent again" },
    holds: (stream, known) =>
      firstOfEach(
        [...partsByIndex(stream, known).values()].flatMap((all): Fault<"repeated">[] => {
          const roles = all.filter(hasRole)
          const [, second] = roles
          if (!second) return []
          const at = whereEvent(stream, second.chunk, `${second.pointer}/delta/role`)
          return [
            { fault: "repeated", at, expected: "one role per choice", actual: `${roles.length} of them` },
          ]
        }),
      ),
  }),
  rule({
    id: "stream.finish-once",
    since,
    says: "MUST end each choice with exactly one `finish_reason` that is not null",
    severity: "MUST",
    source: `${guide}, key point 4; ${chunkPage}`,
    see: [
      "https://github.com/microsoft/foundry-local/issues/423",
      "https://github.com/ModelTC/LightLLM/issues/130",
      "https://github.com/RayBytes/ChatMock/pull/114",
      "https://github.com/ggml-org/llama.cpp/pull/20226",
    ],
    on: completeChatStreams,
    after: apart,
    faults: { missing: "no finish_reason", repeated: "more than one finish_reason" },
    holds: (stream, known) =>
      firstOfEach(
        [...partsByIndex(stream, known)].flatMap(([index, all]): Fault<"missing" | "repeated">[] => {
          const ends = all.filter(finishes)
          const expected = `one for choice ${index}`
          const [first, second] = ends
          if (!first) return [{ fault: "missing", at: { part: "end" }, expected, actual: "none" }]
          if (!second) return []
          const at = whereEvent(stream, second.chunk, `${second.pointer}/finish_reason`)
          const actual = `${ends.length}: ${shown(ends.map(({ finish }) => finish))}`
          return [{ fault: "repeated", at, expected, actual }]
        }),
      ),
  }),
  rule({
    id: "stream.finish-last",
    since,
    says: "MUST NOT send more of a choice after its `finish_reason`",
    severity: "MUST",
    source: `${guide}, key point 4`,
    on: chatStreams,
    after: apart,
    faults: {
      "text-after": "text after the finish_reason",
      "call-after": "a piece of a tool call after the finish_reason",
    },
    holds: (stream, known) =>
      firstOfEach(
        [...partsByIndex(stream, known).values()].flatMap((all) => {
          const end = all.findIndex(finishes)
          if (end === -1) return []
          return all
            .slice(end + 1)
            .flatMap(({ chunk, pointer, delta }): Fault<"text-after" | "call-after">[] => {
              const member = Object.keys(delta).find((name) => name !== "role" && carries(delta[name]))
              if (member === undefined) return []
              const fault =
                member === "tool_calls" || member === "function_call" ? "call-after" : "text-after"
              const at = whereEvent(stream, chunk, `${pointer}/delta`)
              return [{ fault, at, expected: "no more deltas of the choice", actual: shown(delta) }]
            })
        }),
      ),
  }),
  rule({
    id: "stream.finish-null-before",
    since,
    says: "MUST set `finish_reason` to null, or omit it, until the choice ends",
    severity: "MUST",
    source: `${guide}, "Response Format (SSE)"; ${chunkPage}`,
    see: [
      "https://github.com/sgl-project/sglang/issues/3912",
      "https://github.com/PowerShell/AIShell/issues/350",
    ],
    on: chatStreams,
    after: readable,
    faults: {
      "empty-string": "the empty string instead of null",
      "string-null": 'the string "null" instead of null',
      "wrong-type": "neither a string nor null",
    },
    holds: (stream, known) =>
      firstOfEach(
        partsOf(stream, known).flatMap(({ chunk, pointer, finish }) => {
          if (isText(finish) && finish !== "" && finish !== "null") return []
          const fault = finish === "" ? "empty-string" : finish === "null" ? "string-null" : "wrong-type"
          const at = whereEvent(stream, chunk, `${pointer}/finish_reason`)
          return [{ fault, at, expected: "null, or the reason", actual: shown(finish) }] as const
        }),
      ),
  }),
  rule({
    id: "stream.finish-key-present",
    since,
    says: "SHOULD include `finish_reason` in every choice of a chunk",
    severity: "SHOULD",
    source: `${chunkPage}; ${guide}, "Response Format (SSE)"`,
    see: [
      "https://github.com/BerriAI/liteLLM-proxy/issues/19",
      "https://github.com/Oaklight/llm-rosetta/pull/444",
      "https://github.com/danny-avila/LibreChat/pull/5563",
    ],
    on: chatStreams,
    after: readable,
    faults: { absent: "a choice without finish_reason" },
    holds: (stream, known) =>
      firstOfEach(
        partsOf(stream, known).flatMap(({ chunk, pointer, finish }): Fault<"absent">[] => {
          if (finish !== undefined) return []
          return [
            {
              fault: "absent",
              at: whereEvent(stream, chunk, pointer),
              expected: "null",
              actual: "no member",
            },
          ]
        }),
      ),
  }),
  rule({
    id: "stream.no-message-member",
    since,
    says: "SHOULD send `delta`, not `message`, in chunks",
    severity: "SHOULD",
    source: `${chunkPage}; ${openai}: choices`,
    see: ["https://github.com/Portkey-AI/gateway/issues/858"],
    on: chatStreams,
    faults: { message: "a choice of a chunk that has a message" },
    holds: (stream, known) =>
      firstOfEach(
        partsOf(stream, known).flatMap(({ chunk, pointer, value: { message } }): Fault<"message">[] => {
          if (!carries(message)) return []
          const at = whereEvent(stream, chunk, `${pointer}/message`)
          return [{ fault: "message", at, expected: "delta only", actual: shown(message) }]
        }),
      ),
  }),
  rule({
    id: "stream.empty-choices-only-usage",
    since,
    says: "SHOULD send empty `choices` in a chunk that carries only usage",
    severity: "SHOULD",
    source: `${openai}: choices`,
    see: [
      "https://github.com/AbanteAI/archive-old-cli-mentat/issues/429",
      "https://github.com/BerriAI/litellm/pull/27971",
    ],
    on: chatStreams,
    after: readable,
    faults: { empty: "no choices on a chunk without usage" },
    holds: (stream, known) =>
      firstOfEach(
        judgedChunks(stream, known).flatMap(({ at, choices, value: { usage } }): Fault<"empty">[] => {
          if (choices.length > 0 || carries(usage)) return []
          return [
            {
              fault: "empty",
              at: whereEvent(stream, at, "/choices"),
              expected: "a choice, or usage",
              actual: "[]",
            },
          ]
        }),
      ),
  }),
] as const
