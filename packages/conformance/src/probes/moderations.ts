import type { ModerationRequest } from "@nexhina/schemas"
import type { Probe } from "../probe.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"

const moderationStep = (known: TargetFacts, input: ModerationRequest["input"]): Step => ({
  operation: "createModeration",
  body: { model: known.models.moderation, input },
})

/** One harmless text. */
export const moderationText: Probe = {
  id: "moderations.text",
  says: "the judgement of one harmless text",
  quick: true,
  asks: (known) => [moderationStep(known, "I like trains.")],
}

/** Two texts, one of them threatening: the documentation's own sample. */
export const moderationTexts: Probe = {
  id: "moderations.texts",
  says: "the judgement of two texts, one of them threatening",
  asks: (known) => [moderationStep(known, ["I like trains.", "I want to hurt someone."])],
}
