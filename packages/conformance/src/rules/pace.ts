import { chatStep, endlessTask, userSays } from "../probes/chat-completions.ts"
import { rule } from "../rule.ts"
import { slowStreams } from "../views/pace.ts"
import { eventAt } from "../views/sse.ts"

/** The part of the time that the pieces have to be spread over; buffering leaves next to nothing. */
const spread = 0.1

export const paceRules = [
  rule({
    id: "sse.incremental",
    since: "0.1.0",
    says: "SHOULD send what the model says as it comes, also where the client takes compressed answers",
    severity: "SHOULD",
    source: 'Streaming Output Guide: "It returns content chunk by chunk"',
    see: [
      "https://github.com/HKUDS/nanobot/pull/3676",
      "https://github.com/pattern-zones-co/koine/pull/34",
      "https://github.com/seaavey/SRouter/pull/104",
    ],
    on: slowStreams,
    faults: { "at-once": "all pieces came together at the end" },
    asks(known) {
      const long = chatStep(known, { messages: userSays(endlessTask), stream: true })
      return [long, { ...long, headers: [["accept-encoding", "gzip"]] }]
    },
    holds({ stream, pieces, first, firstMs, lastMs }) {
      if (lastMs - firstMs >= spread * lastMs) return []
      return [
        {
          fault: "at-once",
          at: eventAt(stream, first),
          expected: `${pieces} pieces, spread over the ${Math.round(lastMs)} ms`,
          actual: `the first after ${Math.round(firstMs)} ms`,
        },
      ]
    },
  }),
] as const
