import type { ChatCompletionRequest, ResponseRequest } from "@nexhina/schemas"
import type { Digest } from "../../content/random.ts"
import { decide, type LastTurn, type Prompt } from "./decide.ts"
import type { Utterance } from "./utterance.ts"

/** A request for one utterance. */
export type Turn = LastTurn & {
  /** Index of the choice that is asked for. Always 0 for `createResponse`. */
  readonly choice: number
} & (
    | { readonly operationId: "createChatCompletion"; readonly request: ChatCompletionRequest }
    | { readonly operationId: "createResponse"; readonly request: ResponseRequest }
  )

/** Decides what the model says. Returns undefined to leave the decision to the next responder. */
export type Responder = (turn: Turn) => Utterance | undefined

/** Returns what the first responder that decides says; when none does, a generated utterance. */
export function respond(
  responders: readonly Responder[],
  turn: Turn,
  prompt: Prompt,
  seed: Digest,
): Utterance {
  for (const responder of responders) {
    const utterance = responder(turn)
    if (utterance !== undefined) return utterance
  }
  return decide(prompt, seed)
}
