import type { ChatCompletionRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { Evidence } from "../evidence.ts"
import { toolResult } from "../probes/tools.ts"
import type { Rule } from "../rule.ts"
import { type Ask, fixedSteps, stepsAfter } from "../target/step.ts"
import { contractBreach } from "../target/to-wire.ts"
import { chatRequestRules } from "./chat-requests.ts"

const rules = chatRequestRules
/** Those that judge each exchange by itself. The others judge what they asked for themselves. */
const single = rules.filter(({ scope }) => scope !== "group")
const known = knownOf()

type Messages = ChatCompletionRequest["messages"]

const user = { role: "user" as const, content: "Hello" }
const call = { id: "call_1", type: "function" as const, function: { name: "f", arguments: "{}" } }
const result = { role: "tool" as const, tool_call_id: "call_1", content: "18" }

/** The answer to a request with these messages and members. */
const answer = (messages: Messages, status: number, body: unknown, members: object = {}) =>
  exchangeOf({
    operation: "createChatCompletion",
    request: { model: "m", messages, ...members },
    status,
    body,
  })

const error = (message: string, param: string | null = null) => ({
  error: { message, type: "invalid_request_error", param },
})
const refused = (messages: Messages, members: object = {}, status = 400) =>
  answer(messages, status, error("The conversation is not valid.", "messages"), members)
const completion = (message: object, usage: object = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop" }],
  usage,
})
const taken = (messages: Messages, members: object = {}) =>
  answer(messages, 200, completion({ content: "Hi." }), members)

const namesIn = (exchanges: readonly Evidence[], by: readonly Rule[] = single) =>
  found(by, exchanges).map(([rule, fault, at]) => [`${rule} ${fault}`, at.part])

const conversations: [fault: string, messages: Messages, tools?: object][] = [
  ["chat.accepts-roles system", [{ role: "system", content: "Be brief." }, user]],
  ["chat.accepts-roles assistant", [user, { role: "assistant", content: "Hi." }, user]],
  ["chat.accepts-roles repeated", [user, user]],
  ["chat.accepts-roles tool", [user, { role: "assistant", content: "Wait.", tool_calls: [call] }, result]],
  ["chat.accepts-developer-role refused", [{ role: "developer", content: "Be brief." }, user]],
  ["chat.accepts-content-parts refused", [{ role: "user", content: [{ type: "text", text: "Hello" }] }]],
  [
    "chat.accepts-null-assistant null",
    [user, { role: "assistant", content: null, tool_calls: [call] }, result],
  ],
  ["chat.accepts-null-assistant absent", [user, { role: "assistant", tool_calls: [call] }, result]],
  ["chat.accepts-null-assistant empty", [user, { role: "assistant", content: "" }, user]],
]

test.each(conversations)("%s: refused and taken", (fault, messages) => {
  expect(namesIn([refused(messages)])).toEqual([[fault, "status"]])
  expect(namesIn([refused(messages, { max_tokens: 9, stream: false }, 422)])).toEqual([[fault, "status"]])
  expect(namesIn([taken(messages)])).toEqual([])
  expect(judgedBy(single, [taken(messages)])).toEqual([fault.split(" ")[0]])
})

test.each(conversations)("%s: not where something else may have been refused", (_, messages) => {
  expect(namesIn([refused(messages, { temperature: 1 })])).toEqual([])
  const unlike = [
    answer(messages, 400, error("There is no such model.", "model")),
    answer(messages, 400, error("`max_tokens` is not supported with this model."), { max_tokens: 9 }),
    answer(messages, 400, error("No streams.", "stream"), { stream: true }),
    answer(messages, 404, error("There is no such model.")),
    answer(messages, 429, error("Later.")),
    answer(messages, 500, error("Oh.")),
    answer(messages, 400, "<html>"),
  ]
  expect(namesIn(unlike.slice(0, -1))).toEqual([])
  expect(namesIn(unlike)).toHaveLength(1)
})

const outOfTokens = error(
  "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.",
)

test.each(conversations)("%s: no pass where the request was refused for another reason", (_, messages) => {
  const others = [
    answer(messages, 404, error("Not here.")),
    answer(messages, 400, error("`max_tokens` is not supported with this model."), { max_tokens: 9 }),
    answer(messages, 400, outOfTokens),
  ]
  expect(namesIn(others)).toEqual([])
  expect(judgedBy(single, others)).toEqual([])
})

test("chat.accepts-null-assistant: not where another member of the message is refused", () => {
  const own = { role: "assistant" as const, content: null, reasoning: "Hm.", tool_calls: [call] }
  const refusing = (param: string) => answer([user, own, result], 400, error("Extra inputs.", param))
  expect(namesIn([refusing("messages[1].reasoning"), refusing("messages.1.reasoning")])).toEqual([])
  expect(judgedBy(single, [refusing("messages[1].reasoning")])).not.toContain("chat.accepts-null-assistant")
  expect(namesIn([refusing("messages[1].content")])).toEqual([["chat.accepts-null-assistant null", "status"]])
})

test("a plain message alone is for no rule on messages", () => {
  expect(namesIn([refused([user])])).toEqual([])
  expect(judgedBy(single, [refused([user])])).toEqual([])
})

const counted = (content: Messages[number]["content"], prompt_tokens: number) =>
  answer([{ role: "user", content }], 200, completion({ content: "Hi." }, { prompt_tokens }))
const parts = [{ type: "text" as const, text: "Hello" }]

test("chat.content-parts-counted: parts count as the string does, but for the template", () => {
  expect(namesIn([counted("Hello", 30), counted(parts, 5)], rules)).toEqual([
    ["chat.content-parts-counted other-count", "body"],
  ])
  expect(namesIn([counted("Hello", 30), counted(parts, 32)], rules)).toEqual([])
  expect(judgedBy(rules, [counted("Hello", 30), taken([user])])).not.toContain("chat.content-parts-counted")
})

test("chat.replay-own-message: its own message comes back", () => {
  const own = { role: "assistant" as const, content: null, refusal: null, tool_calls: [call] }
  const first = answer([user], 200, completion(own), { tool_choice: "auto" })
  const replay = [user, own, result]
  expect(namesIn([first, refused(replay)], rules)).toContainEqual([
    "chat.replay-own-message refused",
    "status",
  ])
  expect(namesIn([first, taken(replay)], rules)).toEqual([])
  expect(judgedBy(rules, [first])).not.toContain("chat.replay-own-message")
})

test("chat.accepts-documented-params: a refusal has to name the member", () => {
  const members = { frequency_penalty: 1, n: 2 }
  const unnamed = [["chat.accepts-documented-params unnamed", "status"]]
  expect(namesIn([answer([user], 400, error("Not supported."), members)])).toEqual(unnamed)
  expect(namesIn([answer([user], 422, { detail: "extra" }, { max_completion_tokens: 9 })])).toEqual(unnamed)
  expect(
    namesIn([
      answer([user], 400, error("Not with n."), members),
      answer([user], 400, error("Not supported.", "frequency_penalty"), members),
      answer([user], 400, error("Not supported.", "stream_options.include_usage"), { stream_options: {} }),
      refused([user], members),
      answer([user], 400, outOfTokens, members),
      taken([user], members),
    ]),
  ).toEqual([])
})

test("chat.unknown-field-tolerated: taken or refused cleanly", () => {
  const inside = [{ ...user, x_trace: 1 }]
  expect(
    namesIn([
      taken([user], { x_trace: 1 }),
      answer([user], 400, error("Unknown member: x_trace", "x_trace"), { x_trace: 1 }),
      answer(inside, 422, error("Unknown member.")),
      answer([user], 503, error("Later."), { x_trace: 1 }),
    ]),
  ).toEqual([])
  expect(namesIn([answer(inside, 500, error("Oh."))])).toEqual([
    ["chat.unknown-field-tolerated server-error", "status"],
  ])
  expect(namesIn([answer([user], 422, { detail: [{ msg: "extra" }] }, { x_trace: 1 })])).toEqual([
    ["chat.unknown-field-tolerated unclean", "status"],
  ])
})

test.each(rules.map((rule) => [rule.id, rule] as const))(
  "%s asks what its own view sees and the contract allows",
  (_, rule) => {
    const asks = rule.asks?.(known)
    if (!asks) throw new Error("no rule on requests goes without requests")
    const samples = asks instanceof fc.Arbitrary ? asks : fc.constant(asks)
    fc.assert(
      fc.property(samples, (sample: readonly Ask[]) => {
        for (const step of fixedSteps(sample)) {
          expect(contractBreach(step)).toBeUndefined()
          const exchange = exchangeOf({
            operation: step.operation,
            request: step.body,
            body: completion({ content: "Hi." }),
          })
          expect(rule.on.of(exchange)).toBeDefined()
        }
      }),
    )
  },
)

test("the replay sends back what came, with a result for each call", () => {
  const asks = rules.find(({ id }) => id === "chat.replay-own-message")?.asks?.(known)
  const [, replay] = Array.isArray(asks) ? (asks as Ask[]) : []
  if (typeof replay !== "function") throw new Error("the second request follows from the first reply")
  const own = { content: null, refusal: null, tool_calls: [call], x_note: 1 }
  const [step] = stepsAfter(replay, [answer([user], 200, completion(own))])
  expect(step).toMatchObject({
    body: { messages: [user, { role: "assistant", ...own }, { role: "tool", tool_call_id: "call_1" }] },
  })
  expect(step && contractBreach(step)).toBeUndefined()
  expect(stepsAfter(replay, [answer([user], 200, completion({ content: "No tools." }))])[0]).toMatchObject({
    body: { messages: [user, { role: "assistant", content: "No tools." }, { role: "user" }] },
  })
  const odd = { content: null, tool_calls: [{ ...call, function: { name: "f", arguments: {} } }] }
  expect(replay([answer([user], 200, completion(odd))])).toBeUndefined()
  expect(replay([answer([user], 500, error("Oh."))])).toBeUndefined()
  expect(replay([])).toBeUndefined()
})

test("the stock probe of a tool's result feeds chat.accepts-null-assistant", () => {
  const [step] = fixedSteps(toolResult.asks(known))
  expect(
    namesIn([
      exchangeOf({ operation: "createChatCompletion", request: step?.body, status: 400, body: error("No.") }),
    ]),
  ).toEqual([["chat.accepts-null-assistant null", "status"]])
})

test("no answer makes a rule throw", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom(200, 400, 422, 500),
      fc.constantFrom(...conversations),
      (body, status, [, messages]) => {
        found(single, [answer(messages, status, body), answer(messages, status, Object({ error: body }))])
      },
    ),
  )
})
