import type { KeyState } from "../evidence.ts"
import type { Probe } from "../probe.ts"
import { missingKey, wrongKey } from "../probes/auth.ts"
import type { ParsedReply } from "../reading/answered.ts"
import { type View, view } from "../view.ts"
import { decidedResponses } from "./http.ts"

function answersWith(
  key: Extract<KeyState, "none" | "wrong">,
  says: string,
  probe: Probe,
): View<ParsedReply> {
  return view({
    ...decidedResponses,
    id: `auth.${key}`,
    says,
    probes: [probe],
    of: (exchange) => (exchange.key.value === key ? decidedResponses.of(exchange) : undefined),
  })
}

export const wrongKeyAnswers = answersWith("wrong", "answers to requests with a wrong API key", wrongKey)
export const missingKeyAnswers = answersWith("none", "answers to requests without an API key", missingKey)
