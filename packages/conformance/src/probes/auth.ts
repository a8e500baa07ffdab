import type { Probe } from "../probe.ts"
import type { TargetFacts } from "../target/facts.ts"
import { fixedSteps, type Step } from "../target/step.ts"
import { plainChat } from "./chat-completions.ts"

const withKey = (known: TargetFacts, key: NonNullable<Step["key"]>): Step[] =>
  fixedSteps(plainChat.asks(known)).map((step) => ({ ...step, key }))

/** A well-formed key that is unknown to every server. */
export const wrongKey: Probe = {
  id: "auth.wrong-key",
  says: "a short chat with a wrong API key",
  quick: true,
  asks: (known) => withKey(known, "wrong"),
}

/** Requests without a key: one that costs nothing and one that costs tokens. */
export const missingKey: Probe = {
  id: "auth.missing-key",
  says: "the list of models and a short chat without an API key",
  quick: true,
  asks: (known) => [{ operation: "listModels", key: "none" }, ...withKey(known, "none")],
}
