import type { Scenario } from "../scenarios/scenario.ts"
import { escapeText, escapeValue } from "../scenarios/template.ts"
import type { RecordedTurn } from "./recorded-turn.ts"

type Answer = NonNullable<Scenario["answer"]>
type ToolCall = NonNullable<Answer["toolCalls"]>[number]
type Json = Readonly<Record<string, unknown>>

/** The answer of a scenario, and what of the recorded reply it does not express. */
export interface RecordedAnswer {
  readonly answer: Answer
  readonly notes: readonly string[]
}

/** Returns the answer that a recorded reply gives, or why no answer expresses it. */
export function answerOf(
  { operationId, status, reply }: RecordedTurn,
  header: (name: string) => string | undefined,
): RecordedAnswer | string {
  if (status >= 400) return { answer: { error: errorOf(status, reply, header) }, notes: [] }
  if (!isObject(reply)) return "its reply is not a JSON object"
  if (operationId === "createChatCompletion") return chatAnswer(reply)
  if (operationId === "createResponse") return responseAnswer(reply)
  const value = operationId === "createEmbedding" ? withNumbers(reply) : reply
  return { answer: { reply: objectOf(escapeValue(value)) }, notes: [] }
}

/** Decodes the vectors of an embedding: the scenario answers requests of either encoding. */
function withNumbers(reply: Json): Json {
  const data = listOf(reply["data"]).map((item) => {
    const { embedding } = item
    if (typeof embedding !== "string") return item
    const bytes = Uint8Array.from(atob(embedding), (character) => character.charCodeAt(0))
    const view = new DataView(bytes.buffer)
    const numbers = Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) =>
      view.getFloat32(4 * index, true),
    )
    return { ...item, embedding: numbers }
  })
  return { ...reply, data }
}

function errorOf(
  status: number,
  reply: unknown,
  header: (name: string) => string | undefined,
): NonNullable<Answer["error"]> {
  const { message, code, param } = objectOf(objectOf(reply)["error"])
  const headers = ["retry-after", "retry-after-ms"].flatMap((name) => {
    const value = header(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    status,
    ...(typeof message === "string" && { message: escapeText(message) }),
    ...((typeof code === "string" || code === null) && { code }),
    ...(typeof param === "string" && { param }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  }
}

function chatAnswer(reply: Json): RecordedAnswer | string {
  const [choice, ...others] = listOf(reply["choices"])
  if (!choice) return "its reply has no choices"
  const message = objectOf(choice["message"])
  const legacy = isObject(message["function_call"]) ? [callOf(message["function_call"], undefined)] : []
  const calls = listOf(message["tool_calls"]).map((call) =>
    callOf(objectOf(call["function"] ?? call["custom"]), textOf(call["id"])),
  )
  const notes = [
    ...(others.length > 0
      ? [
          `${others.length} more ${others.length === 1 ? "choice" : "choices"}; every choice has the first one's content`,
        ]
      : []),
    ...(isObject(message["audio"]) ? ["audio, which is generated"] : []),
    ...endNote(choice["finish_reason"]),
  ]
  const spoken = spokenOf({
    text: textOf(message["content"]),
    refusal: textOf(message["refusal"]),
    reasoning: textOf(message["reasoning_content"]) ?? textOf(message["reasoning"]),
    toolCalls: [...legacy, ...calls],
    usage: usageOf(reply["usage"], "prompt", "completion"),
  })
  return spoken ? { answer: spoken, notes } : "its reply says nothing that a scenario can say"
}

function responseAnswer(reply: Json): RecordedAnswer | string {
  const items = listOf(reply["output"])
  const parts = items.flatMap((item) => (item["type"] === "message" ? listOf(item["content"]) : []))
  // A summary repeats what the content says.
  const reasoning = items
    .filter((item) => item["type"] === "reasoning")
    .flatMap(({ content, summary }) => (listOf(content).length > 0 ? listOf(content) : listOf(summary)))
  const calls = items.flatMap((item) =>
    item["type"] === "function_call" || item["type"] === "custom_tool_call"
      ? [callOf(item, textOf(item["call_id"]))]
      : [],
  )
  const expressed = new Set(["message", "reasoning", "function_call", "custom_tool_call"])
  const hosted = items.map((item) => String(item["type"])).filter((type) => !expressed.has(type))
  const spoken = spokenOf({
    text: joined(parts, "text"),
    refusal: joined(parts, "refusal"),
    reasoning: joined(reasoning, "text"),
    toolCalls: calls,
    usage: usageOf(reply["usage"], "input", "output"),
  })
  if (!spoken) return "its reply says nothing that a scenario can say"
  const notes = [
    ...(hosted.length > 0 ? [`items of the type ${[...new Set(hosted)].join(", ")}`] : []),
    ...(parts.some((part) => listOf(part["annotations"]).length > 0) ? ["annotations"] : []),
    ...endNote(objectOf(reply["incomplete_details"])["reason"]),
  ]
  return { answer: spoken, notes }
}

interface Spoken {
  readonly text: string | undefined
  readonly refusal: string | undefined
  readonly reasoning: string | undefined
  readonly toolCalls: readonly ToolCall[]
  readonly usage: NonNullable<Answer["usage"]> | undefined
}

/** Returns undefined when nothing is said: the mock would generate it. */
function spokenOf({ text, refusal, reasoning, toolCalls, usage }: Spoken): Answer | undefined {
  if (text === undefined && refusal === undefined && toolCalls.length === 0) return undefined
  return {
    ...(reasoning && { reasoning: escapeText(reasoning) }),
    // An answer has a text or a refusal, and a refusing reply has no other text.
    ...(refusal !== undefined
      ? { refusal: escapeText(refusal) }
      : text !== undefined && { text: escapeText(text) }),
    ...(toolCalls.length > 0 && { toolCalls: [...toolCalls] }),
    ...(usage && { usage }),
  }
}

function callOf(call: Json, id: string | undefined): ToolCall {
  const input = textOf(call["arguments"]) ?? textOf(call["input"]) ?? ""
  return {
    name: textOf(call["name"]) ?? "",
    arguments: objectArguments(input) ?? escapeText(input),
    ...(id && { id }),
  }
}

/** Returns the object that a text encodes, if its encoding is the text: other spaces are part of the recording. */
function objectArguments(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && JSON.stringify(value) === text ? { ...objectOf(escapeValue(value)) } : undefined
  } catch {
    return undefined
  }
}

function usageOf(usage: unknown, input: string, output: string): NonNullable<Answer["usage"]> | undefined {
  if (!isObject(usage)) return undefined
  const counts = {
    input: usage[`${input}_tokens`],
    output: usage[`${output}_tokens`],
    reasoning: objectOf(usage[`${output}_tokens_details`])["reasoning_tokens"],
    cached: objectOf(usage[`${input}_tokens_details`])["cached_tokens"],
  }
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => Number.isInteger(count)))
}

function endNote(reason: unknown): string[] {
  if (reason === "length" || reason === "max_output_tokens") {
    return ["the end by a limit of tokens: the limit of the request decides"]
  }
  return reason === "content_filter" ? ["the end by a content filter"] : []
}

function joined(parts: readonly Json[], member: string): string | undefined {
  const texts = parts.flatMap((part) => textOf(part[member]) ?? [])
  return texts.length === 0 ? undefined : texts.join("")
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const objectOf = (value: unknown): Json => (isObject(value) ? value : {})
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.map(objectOf) : [])
const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)
