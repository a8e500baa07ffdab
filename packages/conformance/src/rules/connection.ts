import * as fc from "fast-check"
import { chatStep, userSays } from "../probes/chat-completions.ts"
import { shown } from "../reading/shown.ts"
import { rule } from "../rule.ts"
import type { Ask } from "../target/step.ts"
import { isTransient } from "../target/to-wire.ts"
import { type ChatAnswer, chatAnswers } from "../views/chat-completions.ts"
import { type ChatAttempt, chatAttempts, connectionOptions, endedSuccesses } from "../views/connection.ts"

const since = "0.1.0"

/** Bytes of a stream after which to hang up: once within its first event, and anywhere. */
const hangUps = fc
  .tuple(fc.integer({ min: 1, max: 64 }), fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 2 }))
  .map(([early, others]) => [early, ...others])

const isAnswered = ({ reply }: ChatAttempt) => reply !== undefined && reply.choices.length > 0

/** What came instead of an answer. */
function outcomeOf({ exchange: { response, end } }: ChatAttempt): string {
  const how = end.kind === "complete" ? "" : `, ${end.code ?? end.kind}`
  return response ? `${response.status}${how}` : (end.code ?? end.kind)
}

const repeat = "Repeat this word and say nothing else: "
/** No model says one of these by chance. */
const words = fc.string({
  unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz"),
  minLength: 10,
  maxLength: 10,
})

/** The word that a request asks to repeat. */
const wordOf = ({ request }: ChatAnswer) => String(request.messages[0]?.content).slice(repeat.length)

export const connectionRules = [
  rule({
    id: "conn.reuse",
    since,
    says: "SHOULD keep the connection open after a response, streamed or not",
    severity: "SHOULD",
    source: "RFC 9112, section 9.3",
    on: endedSuccesses,
    needs: ["head"],
    faults: { closed: "the response has the header `connection: close`" },
    holds({ exchange: { response } }) {
      if (!connectionOptions(response?.headers ?? []).includes("close")) return []
      const at = { part: "header", name: "connection" } as const
      return [{ fault: "closed", at, expected: "keep-alive, or no such header", actual: "close" }]
    },
  }),

  rule({
    id: "conn.survives-abort",
    since,
    says: "MUST keep serving other requests after a client aborts a stream at any point",
    severity: "MUST",
    source: "RFC 9112, section 9.5",
    scope: "group",
    on: chatAttempts,
    faults: {
      unanswered: "the request that was answered before gets no whole answer any more",
      failed: "the request that was answered before gets an answer other than a completion",
    },
    asks: (known) =>
      fc
        .record({ to: fc.integer({ min: 300, max: 999 }), hangUps, together: fc.boolean() })
        .map(({ to, hangUps, together }): Ask[] => {
          const chat = { messages: userSays(`Count from 1 to ${to} in words, without leaving anything out.`) }
          const whole = chatStep(known, chat)
          const left = hangUps.map((hangUpAfterBytes) => ({
            ...chatStep(known, { ...chat, stream: true }),
            hangUpAfterBytes,
          }))
          // Twice: a server may hear of it later than of the next request.
          return [whole, ...(together ? [left] : left), whole, whole]
        }),
    holds(attempts) {
      const first = attempts.findIndex(({ isLeft }) => isLeft)
      const last = attempts.findLastIndex(({ isLeft }) => isLeft)
      if (first === -1) return { undecided: "every stream ended before the kit could hang up on it" }
      if (!attempts.slice(0, first).some(isAnswered))
        return { undecided: "the request was not answered before the kit hung up either" }
      const after = attempts.flatMap((attempt, of) =>
        of > last && !attempt.isStream && !isTransient(attempt.exchange) ? [{ attempt, of }] : [],
      )
      if (after.length === 0) return { undecided: "nothing could be asked after the kit hung up" }
      const failure = after.find(({ attempt }) => !isAnswered(attempt))
      if (!failure) return []
      const { attempt, of } = failure
      const isWhole = attempt.exchange.response !== undefined && attempt.exchange.end.kind === "complete"
      return [
        {
          of,
          fault: isWhole ? "failed" : "unanswered",
          at: isWhole ? { part: "status" } : { part: "end" },
          expected: "a completion, as before",
          actual: outcomeOf(attempt),
        },
      ]
    },
  }),

  rule({
    id: "conn.concurrency-isolated",
    since,
    says: "MUST NOT mix concurrent requests: a response never contains content of another client's request",
    severity: "MUST",
    source: "RFC 9110, section 3.4: a response answers its request",
    scope: "group",
    on: chatAnswers,
    faults: { crosstalk: "a reply has a word that only another request has" },
    asks: (known) =>
      fc
        .uniqueArray(fc.record({ word: words, stream: fc.boolean() }), {
          minLength: 3,
          maxLength: 5,
          selector: ({ word }) => word,
        })
        .map((chats): Ask[] => [
          chats.map(({ word, stream }) => chatStep(known, { messages: userSays(repeat + word), stream })),
        ]),
    holds(answers) {
      if (answers.length < 2) return { undecided: "fewer than two of the requests were answered" }
      const asked = new Set(answers.map(wordOf))
      return answers.flatMap((answer, of) => {
        const text = JSON.stringify(answer.completion)
        const own = wordOf(answer)
        const foreign = [...asked].find((word) => word !== own && text.includes(word))
        if (foreign === undefined) return []
        return [
          {
            of,
            fault: "crosstalk" as const,
            at: answer.where("/choices/0/message/content"),
            expected: `nothing but ${shown(own)}`,
            actual: `${shown(foreign)}, of another request`,
          },
        ]
      })
    },
  }),
] as const
