import type { ModerationPart, ModerationRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { TargetFacts } from "../target/facts.ts"
import { type Members, requestOf } from "./members.ts"
import { oneOrMoreTexts, texts } from "./texts.ts"

type ModerationMembers = Members<ModerationRequest>

/** A PNG of one pixel. */
const pixel =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

/** One input of a text, a text in two parts, or a text and an image. */
const partInputs: fc.Arbitrary<ModerationPart[]> = fc
  .tuple(
    texts,
    fc.constantFrom<ModerationPart[]>(
      [],
      [{ type: "text", text: "And so on." }],
      [{ type: "image_url", image_url: { url: pixel } }],
    ),
  )
  .map(([text, others]) => [{ type: "text", text }, ...others])

/** Generates requests to classify one to four texts, with additional `members`. */
export function moderationRequests(
  known: TargetFacts,
  ...members: readonly fc.Arbitrary<ModerationMembers>[]
): fc.Arbitrary<ModerationRequest> {
  const base = fc.record({
    model: fc.constant(known.models.moderation),
    input: oneOrMoreTexts,
  })
  return requestOf(base, members)
}

/** Requests for moderation of every form: texts or parts, with a model or without. */
export function anyModerationRequests(known: TargetFacts): fc.Arbitrary<ModerationRequest> {
  return moderationRequests(
    known,
    fc.record({ input: partInputs, model: fc.constant(undefined) }, { requiredKeys: [] }),
  )
}
