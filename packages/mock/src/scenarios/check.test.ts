import { expect, test } from "vitest"
import { checkScenarios } from "./check.ts"
import type { Scenario } from "./scenario.ts"

const alterations = [
  { id: "sse-double-done", kind: "defect" },
  { id: "crlf", kind: "variant" },
  { id: "own" },
] as const
const answer = { text: "x" }

function messages(...list: readonly unknown[]): string[] {
  const checked = checkScenarios(list, (index) => `#${index}`, alterations)
  if (!("problems" in checked)) return []
  return checked.problems.map(({ path, message, other }) =>
    [path.join("."), message, ...(other === undefined ? [] : [`(${other})`])].join(" "),
  )
}

test.each<[unknown, string]>([
  [{ match: { usr: "a" }, answer }, "0.match.usr unknown key 'usr'. Did you mean 'user'?"],
  [{ match: {}, answer: { txt: "a" } }, "0.answer.txt unknown key 'txt'. Did you mean 'text'?"],
  [
    { match: { user: { contain: "a" } }, answer },
    "0.match.user.contain unknown key 'contain'. Did you mean 'contains'?",
  ],
  [
    { match: {}, answer: { toolCalls: [{ nam: "x" }] } },
    "0.answer.toolCalls.0.nam unknown key 'nam'. Did you mean 'name'?",
  ],
  [{ mach: {}, answer }, "0.mach unknown key 'mach'. Did you mean 'match'?"],
  [{ match: { user: 3 }, answer }, "0.match.user expected a string or an object, but got a number"],
  [{ match: { turns: "3" }, answer }, "0.match.turns expected a number, but got a string"],
  [
    { match: { operation: "createChat" }, answer },
    `0.match.operation invalid value "createChat". Did you mean 'createChatCompletion'?`,
  ],
  [{ match: { user: { matches: "(" } }, answer }, "0.match.user.matches the pattern '(' "],
  [{ match: { user: { matches: "(a)\\1" } }, answer }, "0.match.user.matches the pattern '(a)\\1' has '\\1'"],
  [{ match: { user: {} }, answer }, "0.match.user expected exactly one of 'contains' and 'matches'"],
  [{ match: {} }, "0 expected 'answer', 'steps' or 'fail'"],
  [
    { match: {}, answer: { error: { status: 500, headers: { "Content-Length": 5000 } } } },
    "0.answer.error.headers.Content-Length a header that the mock sets itself",
  ],
  [{ answer }, "0.match 'match' is missing"],
  [{ match: {}, answer: { text: "a", refusal: "b" } }, "0.answer expected only one of 'text' and 'refusal'"],
  [
    { match: {}, answer: { text: "a", error: { status: 500 } } },
    "0.answer expected either 'error' or 'text', not both",
  ],
  [
    { match: {}, answer: { text: "{{usr}}" } },
    "0.answer.text unknown template '{{usr}}'. Did you mean '{{user}}'?",
  ],
  [{ match: {}, answer: { json: { a: ["{{x}}"] } } }, "0.answer.json unknown template '{{x}}'."],
  [{ match: {}, answer: { error: { status: 200 } } }, "0.answer.error.status expected at least 400"],
  [{ match: {}, fail: { times: 1 } }, "0.fail expected exactly one of 'status', 'defect' and 'fault'"],
  [
    { match: {}, answer: { defect: "sse-double-don" } },
    "0.answer.defect no defect or variant has the id 'sse-double-don'. Did you mean 'sse-double-done'?",
  ],
  [
    { match: {}, answer: { variant: ["crlf", "dubble"] } },
    "0.answer.variant.1 no defect or variant has the id 'dubble'. See the catalogue in docs/defects.md",
  ],
  [
    { match: {}, answer: { defect: ["own", "crlf"] } },
    "0.answer.defect.1 'crlf' is a variant. Use 'variant' instead of 'defect'",
  ],
  [
    { match: {}, steps: [{ variant: "sse-double-done" }] },
    "0.steps.0.variant 'sse-double-done' is a defect. Use 'defect' instead of 'variant'",
  ],
  [
    { match: {}, fail: { times: 1, defect: "crlf" } },
    "0.fail.defect 'crlf' is a variant, which is legal. Use a defect, a status or a fault",
  ],
  [
    { match: {}, fail: { times: 1, defect: "sse-double-don" } },
    "0.fail.defect no defect or variant has the id 'sse-double-don'. Did you mean 'sse-double-done'?",
  ],
  [
    { match: {}, answer: { hostedTools: [{ type: "web_serch_call" }] } },
    `0.answer.hostedTools.0.type invalid value "web_serch_call". Did you mean 'web_search_call'?`,
  ],
  [
    { match: {}, answer: { hostedTools: [{}] } },
    "0.answer.hostedTools.0.type expected one of 'web_search_call', 'file_search_call'",
  ],
  [
    { match: {}, answer: { toolCalls: [{ name: "f", input: {} }] } },
    "0.answer.toolCalls.0.input unknown key 'input'. Known are 'name', 'arguments', 'id'",
  ],
  [
    { match: {}, steps: [{ text: "a" }, { reply: { a: 1 } }] },
    "0.steps.1.reply 'reply' needs a 'match.operation' other than chat and responses",
  ],
  [
    { match: { operation: "createEmbedding", turns: 1 }, answer: { latency: 1 } },
    "0.match.turns 'turns' never matches: requests of createEmbedding have no conversation. Remove it",
  ],
  [
    { match: { operation: "listModels", user: "a" }, answer: { latency: 1 } },
    "0.match.user 'user' never matches: requests of listModels have no body. Remove it",
  ],
  [
    { match: { toolResult: "a", step: 0 }, answer },
    "0.match.toolResult 'toolResult' never matches together with 'step: 0', which comes before any tool result.",
  ],
  [
    { match: { toolResult: true }, steps: [answer, answer] },
    "0.match.toolResult 'toolResult' never matches together with the first of 'steps', which comes",
  ],
  [
    { match: { user: "a", turns: 0 }, answer },
    "0.match.turns 'turns: 0' never matches together with 'user': such a conversation has no text of the user.",
  ],
  [
    { match: { headers: { "X-A": "1", "x-a": "2" } }, answer },
    "0.match.headers.x-a 'x-a' and 'X-A' are the same header. Remove one of them",
  ],
  [
    { match: { operation: "createEmbedding" }, answer },
    "0.answer.text 'text' is not available for createEmbedding.",
  ],
  [
    { match: {}, answer: { reply: {} } },
    "0.answer.reply 'reply' needs a 'match.operation' other than chat and responses",
  ],
  ["x", "0 expected an object, but got a string"],
])("%j", (scenario, message) => {
  const [first = "", ...others] = messages(scenario)
  expect(first.slice(0, message.length)).toBe(message)
  expect(others).toEqual([])
})

test("pairs of which one can never answer", () => {
  const of = (...matches: Scenario["match"][]) => messages(...matches.map((match) => ({ match, answer })))
  expect(of({ user: "a" }, { user: "a" })).toEqual([
    "1.match '#1' can never answer: every request that it matches also matches '#0', and neither is more specific. " +
      "Give one of them a 'priority' or a narrower match (0)",
  ])
  expect(of({ user: { contains: "weather" } }, { user: { contains: "the weather in" } })).toHaveLength(1)
  expect(of({ user: { contains: "the weather in" } }, { user: { contains: "weather" } })).toHaveLength(1)
  expect(of({ user: { contains: "weather" } }, { user: "the weather" })).toEqual([])
  expect(of({ user: { contains: "weather" } }, { user: { contains: "rain" } })).toEqual([])
  expect(
    of({ user: { contains: "weather" }, model: "a" }, { user: { contains: "the weather" }, model: "b" }),
  ).toEqual([])
  expect(of({ user: { matches: "^a" } }, { user: { matches: "^a" } })).toHaveLength(1)
})

test("an id that is used twice", () => {
  expect(
    messages({ id: "x", match: { user: "a" }, answer }, { id: "x", match: { user: "b" }, answer }),
  ).toEqual(["1.id the id 'x' is used twice. Rename one of the scenarios (0)"])
})
