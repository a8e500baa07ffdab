import { type Digest, digest, digestText } from "../content/random.ts"
import { Refusal } from "../refusal.ts"
import type { HostedItem } from "../replies/utterance/hosted-tools.ts"
import type { Turn } from "../replies/utterance/respond.ts"
import type { CallSegment, Segment, Utterance } from "../replies/utterance/utterance.ts"
import type { Answer, ErrorAnswer } from "./scenario.ts"
import type { Subject } from "./subject.ts"
import { fill, fillValue } from "./template.ts"

/** What the utterance of an answer depends on, besides the answer. */
export interface Occasion {
  readonly subject: Subject
  readonly turn: Turn
  /** Returns what the model would say without the scenario. */
  generate(): Utterance
  /** The hash that call ids are made of. */
  readonly seed: Digest
}

/** Returns what the model says, with the templates filled. Parts that the answer leaves out are generated. */
export function speak(answer: Answer, { subject, turn, generate, seed }: Occasion): Utterance | undefined {
  const { text, json, refusal, reasoning, toolCalls = [], hostedTools = [], filtered, usage } = answer
  const said: Segment[] = []
  if (text !== undefined) said.push({ kind: "text", text: fill(text, subject) })
  if (json !== undefined) said.push({ kind: "text", text: JSON.stringify(fillValue(json, subject)) })
  if (refusal !== undefined) said.push({ kind: "refusal", text: fill(refusal, subject) })
  said.push(...toolCalls.map((call, index) => toSegment(call, index)))
  const isSilent =
    said.length + hostedTools.length === 0 &&
    [reasoning, usage, filtered].every((member) => member === undefined)
  if (isSilent) return undefined
  const generated = said.length === 0 ? generate() : undefined
  const spoken = generated?.segments ?? said
  const thought: readonly Segment[] =
    reasoning === undefined
      ? spoken.filter(({ kind }) => kind === "reasoning")
      : [{ kind: "reasoning", text: fill(reasoning, subject) }]
  // Filling templates keeps the members of an item and their types.
  const used = hostedTools.map(
    (item): Segment => ({ kind: "hosted", item: fillValue(item, subject) as HostedItem }),
  )
  const isFiltered = filtered ?? generated?.isFiltered
  return {
    segments: [...thought, ...used, ...spoken.filter(({ kind }) => kind !== "reasoning")],
    ...(isFiltered !== undefined && { isFiltered }),
    ...(usage !== undefined && { usage }),
  }

  function toSegment(call: NonNullable<Answer["toolCalls"]>[number], index: number): CallSegment {
    const { name, id, arguments: given = {} } = call
    const input = typeof given === "string" ? fill(given, subject) : JSON.stringify(fillValue(given, subject))
    const callId = id ?? `call_${digestText(digest(`${name} ${turn.choice} ${index} ${subject.user}`, seed))}`
    return { kind: "call", form: formOf(name, turn), callId, name, text: input }
  }
}

/** Returns the form of a call: that of the offered tool with this name. */
function formOf(name: string, turn: Turn): CallSegment["form"] {
  const { tools } = turn.request
  if (turn.operationId === "createChatCompletion" && !tools?.length && turn.request.functions?.length)
    return "legacy"
  const isCustom = tools?.some((tool) => {
    const custom = "custom" in tool ? tool.custom : tool
    return (
      tool.type === "custom" &&
      typeof custom === "object" &&
      custom !== null &&
      Reflect.get(custom, "name") === name
    )
  })
  return isCustom ? "custom" : "function"
}

/** Returns the error reply of a scenario. */
export function refuse(error: ErrorAnswer, subject: Subject): Refusal {
  const { status, message, code, param, headers = {} } = error
  return new Refusal(status, {
    ...(message !== undefined && { message: fill(message, subject) }),
    ...(code !== undefined && { code }),
    ...(param != null && { param }),
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
  })
}
