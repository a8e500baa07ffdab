import type { ChatCompletionRequest, ResponseRequest } from "@nexhina/schemas"
import type { Digest } from "../../content/random.ts"
import { decide, type LastTurn, type Prompt, type SpokenMessage } from "./decide.ts"
import type { Utterance } from "./utterance.ts"

/** A request for one utterance. */
export type Turn = LastTurn & {
  /** Index of the choice that is asked for. Always 0 for `createResponse`. */
  readonly choice: number
  /** Returns the conversation, earlier turns included. */
  readonly messages: () => readonly SpokenMessage[]
} & (
    | { readonly operationId: "createChatCompletion"; readonly request: ChatCompletionRequest }
    | { readonly operationId: "createResponse"; readonly request: ResponseRequest }
  )

/**
 * Decides what the model says. Returns undefined to leave the decision to the next responder. `generate` returns what
 * the model says when no responder decides. May throw a `Refusal`.
 */
export type Responder = (turn: Turn, generate: () => Utterance) => Utterance | undefined

/** Returns what the first responder that decides says; when none does, a generated utterance. */
export function respond(
  responders: readonly Responder[],
  turn: Turn,
  prompt: Prompt,
  seed: Digest,
): Utterance {
  const generate = () => decide(prompt, seed)
  for (const responder of responders) {
    const utterance = responder(turn, generate)
    if (utterance !== undefined) return utterance
  }
  return generate()
}
