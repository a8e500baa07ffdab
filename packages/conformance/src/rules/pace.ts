import * as fc from "fast-check"
import { chatStep, userSays } from "../probes/chat-completions.ts"
import { rule } from "../rule.ts"
import type { Ask } from "../target/step.ts"
import { type Pace, timedStreams } from "../views/pace.ts"
import { eventAt } from "../views/sse.ts"

/** How many pieces of a reply tell a pace, and how long they have to take together. */
const enough = { pieces: 20, ms: 300 }

const isLong = ({ pieces }: Pace) => pieces >= enough.pieces
const isSlow = (pace: Pace) => isLong(pace) && pace.lastMs >= enough.ms
/** Buffering leaves next to nothing between the first piece and the last. */
const isAtOnce = ({ firstMs, lastMs }: Pace) => lastMs - firstMs < 0.1 * lastMs

/** How much longer a long reply has to take than a short one for its pieces to be what took the time. */
const muchLonger = 3

export const paceRules = [
  rule({
    id: "sse.incremental",
    since: "0.1.0",
    says: "SHOULD send tokens as they are generated, also to clients that accept compressed responses",
    severity: "SHOULD",
    source: 'Streaming Output Guide: "It returns content chunk by chunk"',
    see: [
      "https://github.com/HKUDS/nanobot/pull/3676",
      "https://github.com/pattern-zones-co/koine/pull/34",
      "https://github.com/seaavey/SRouter/pull/104",
    ],
    scope: "group",
    on: timedStreams,
    faults: { "at-once": "all pieces come together at the end" },
    // Short ones tell what a reply takes before its first piece, and there are two long ones of each kind: a busy
    // machine is no buffer, and a cache no model.
    asks: (known) =>
      fc.noBias(fc.integer({ min: 300, max: 999 })).map((to): Ask[] => {
        const count = (upTo: number, members: { max_tokens?: number } = {}) =>
          chatStep(known, {
            messages: userSays(`Count from 1 to ${upTo} in words, without leaving anything out.`),
            stream: true,
            ...members,
          })
        const long = [count(to), count(to + 1)]
        const zipped = long.map((step) => ({ ...step, headers: [["accept-encoding", "gzip"] as const] }))
        return [count(to, { max_tokens: 1 }), ...long, ...zipped, count(to + 1, { max_tokens: 1 })]
      }),
    holds(paces) {
      if (!paces.some(isSlow))
        return { undecided: `no stream of ${enough.pieces} pieces or more took ${enough.ms} ms` }
      const alike = [false, true].map((takesGzip) =>
        paces.filter((pace) => isLong(pace) && pace.takesGzip === takesGzip),
      )
      const together = alike.find(
        (long) => long.length > 1 && long.every((pace) => isSlow(pace) && isAtOnce(pace)),
      )
      const [pace] = together ?? []
      if (!together || !pace) return []
      const shortMs = paces.filter((each) => !isLong(each)).map(({ lastMs }) => lastMs)
      const longMs = Math.min(...together.map(({ lastMs }) => lastMs))
      if (shortMs.length === 0 || longMs < muchLonger * Math.max(...shortMs))
        return { undecided: "the pieces come together, but hardly later than those of a short reply" }
      const { stream, pieces, first, firstMs, lastMs } = pace
      return [
        {
          of: paces.indexOf(pace),
          fault: "at-once",
          at: eventAt(stream, first),
          expected: `${pieces} pieces, spread over the ${Math.round(lastMs)} ms`,
          actual: `the first after ${Math.round(firstMs)} ms`,
        },
      ]
    },
  }),
] as const
