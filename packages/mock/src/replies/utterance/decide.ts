import { compose } from "../../content/composition.ts"
import { sentence } from "../../content/prose.ts"
import { type Digest, digest, digestText, type Random, random } from "../../content/random.ts"
import type { Spend } from "../../json-schema/budget.ts"
import { generate } from "../../json-schema/generate.ts"
import { type Callable, chooseCalls, type Offer } from "./callable.ts"
import { asksForCall, isFiltered, refusalText, refuses } from "./markers.ts"
import { reasoningText } from "./reasoning.ts"
import type { Segment, Utterance } from "./utterance.ts"

/** The end of a conversation, which the model replies to. */
export interface LastTurn {
  /** The last text of the user; an empty string if the user sent no text. */
  readonly userText: string
  /** The outputs of the tools that ran after it. */
  readonly toolOutputs: readonly string[]
}

/** A text of a conversation, in the same form for chat and responses. `system` includes developers and instructions. */
export interface SpokenMessage {
  readonly role: "system" | "user" | "assistant" | "tool"
  readonly text: string
}

/** The format that a text must have: any, a JSON object, or JSON that matches the schema at `param`. */
export type TextForm = "text" | "json" | { readonly schema: object; readonly param: string }

/** The parts of a request that determine what the model says, whichever endpoint was called. */
export interface Prompt {
  readonly lastTurn: LastTurn
  readonly offer: Offer
  /** Whether tools are called when the request leaves the choice to the model. */
  readonly callTools: boolean
  /** Whether several calls may be made at once. */
  readonly parallel: boolean
  readonly form: TextForm
  /** `none` or undefined for no reasoning. */
  readonly reasoningEffort: string | undefined
  /** Charges the work of generating values for schemas, shared by everything in the reply. */
  readonly spend: Spend
}

/**
 * Generates an utterance: the reasoning that the prompt asks for, then a refusal, calls, or a text that quotes the
 * last turn. Throws a `Refusal` for a schema that has no value within the budget.
 */
export function decide(prompt: Prompt, seed: Digest): Utterance {
  const { reasoningEffort } = prompt
  const answer = decideAnswer(prompt, seed)
  if (reasoningEffort === undefined) return answer
  // Drawn separately, so that the effort does not change what follows.
  const text = reasoningText(reasoningEffort, random(digest("reasoning", seed)))
  return text === "" ? answer : { ...answer, segments: [{ kind: "reasoning", text }, ...answer.segments] }
}

function decideAnswer(prompt: Prompt, seed: Digest): Utterance {
  const { lastTurn, offer, parallel, form, spend } = prompt
  const { userText, toolOutputs } = lastTurn
  if (refuses(userText)) return { segments: [{ kind: "refusal", text: refusalText }] }
  const draw = random(seed)
  if (isFiltered(userText)) {
    return { segments: [{ kind: "text", text: answerTo(lastTurn, form, draw, spend) }], isFiltered: true }
  }
  const occasion = {
    callTools: prompt.callTools || asksForCall(userText),
    isAnswered: toolOutputs.length > 0,
    parallel,
  }
  const calls = chooseCalls(offer, occasion, draw)
  if (calls.length > 0) return { segments: calls.map((callable, index) => call(callable, index)) }
  return { segments: [{ kind: "text", text: answerTo(lastTurn, form, draw, spend) }] }

  function call({ kind, name, input }: Callable, index: number): Segment {
    const callId = `call_${digestText(digest(`call ${index}`, seed))}`
    return { kind: "call", form: kind, callId, name, text: input(draw, spend) }
  }
}

/**
 * Returns a text that quotes the last turn and adds what it asks for, two sentences unless it names a form; or JSON in
 * the given form.
 */
function answerTo({ userText, toolOutputs }: LastTurn, form: TextForm, draw: Random, spend: Spend): string {
  if (typeof form === "object") {
    return JSON.stringify(generate({ type: "object", ...form.schema }, draw, form.param, spend))
  }
  if (form === "json") {
    const remarks = remark(draw)
    return JSON.stringify({
      said: userText,
      ...(toolOutputs.length > 0 && { answered: toolOutputs }),
      remarks,
    })
  }
  const quote = userText === "" ? "" : `You said: "${userText}". `
  if (toolOutputs.length > 0) {
    return quote + toolOutputs.map((text) => `A tool answered: "${text}". `).join("") + remark(draw)
  }
  const composed = compose(userText, draw)
  return composed === undefined ? quote + remark(draw) : `${quote.trimEnd()}\n\n${composed}`
}

const remark = (draw: Random) => `${sentence(draw)} ${sentence(draw)}`
