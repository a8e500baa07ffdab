import { ModerationRequest, ModerationResponse } from "@nexhina/schemas"
import { moderationText, moderationTexts } from "../probes/moderations.ts"
import type { ParsedReply } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import { type View, view } from "../view.ts"
import { jsonAnswerOf } from "./http.ts"

const base = {
  surface: "moderations",
  probes: [moderationText, moderationTexts],
} as const satisfies Partial<View<unknown>>

/** Replies to requests for moderation, as any JSON value. */
export const moderationReplies = view<ParsedReply>({
  ...base,
  id: "moderations.replies",
  says: "moderation responses",
  of: jsonAnswerOf("createModeration"),
})

/** Results with the documented form, and the number of inputs. */
export interface ModerationList {
  readonly inputs: number
  readonly results: ModerationResponse["results"]
}

/** Returns the number of inputs; the parts of a multimodal input count as one. */
function inputsIn({ input }: ModerationRequest): number {
  return typeof input === "string" || typeof input[0] === "object" ? 1 : input.length
}

/** Replies with moderations in the documented form. */
export const moderationLists = view<ModerationList>({
  ...base,
  id: "moderations.lists",
  says: "moderations",
  of(exchange) {
    const answered = moderationReplies.of(exchange)
    if (!answered?.json.ok) return undefined
    const request = fitted(ModerationRequest, answered.request)
    const reply = fitted(ModerationResponse, answered.json.value)
    return request && reply ? { inputs: inputsIn(request), results: reply.results } : undefined
  },
})
