import type { Exchange } from "@nexhina/wire"
import type { Probe } from "../probe.ts"
import { missingKey, wrongKey } from "../probes/auth.ts"
import type { ParsedReply } from "../reading/answered.ts"
import { type View, view } from "../view.ts"
import { decidedResponses } from "./http.ts"

function answersWith(
  key: NonNullable<NonNullable<Exchange["intent"]>["key"]>,
  says: string,
  probe: Probe,
): View<ParsedReply> {
  return view({
    ...decidedResponses,
    id: `auth.${key}`,
    says,
    probes: [probe],
    of: (exchange) => (exchange.intent?.key === key ? decidedResponses.of(exchange) : undefined),
  })
}

export const wrongKeyAnswers = answersWith("wrong", "answers to requests with a wrong API key", wrongKey)
export const missingKeyAnswers = answersWith("none", "answers to requests without an API key", missingKey)
