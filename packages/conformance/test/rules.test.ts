import { endpoints, type OperationId, surfaces } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { judge } from "../src/engine/judge.ts"
import { type Evidence, evidenceOf } from "../src/evidence.ts"
import { RequestFault } from "../src/inputs/intent.ts"
import { settingsOf } from "../src/options/options.ts"
import { rules } from "../src/rules/rules.ts"
import { run } from "../src/run.ts"
import { mayRead } from "../src/view.ts"
import { guideSample, guideUsageSample, streamOf } from "./chat-stream.ts"
import { exchangeOf, knownOf } from "./exchange.ts"
import { found } from "./found.ts"

const chat = { model: "gpt-4o", messages: [{ role: "user", content: "Write a poem" }] }
const response = { model: "gpt-4o", input: "Write a poem" }
const modesOf = (request: object) => [request, { ...request, stream: true }]
const documented401 =
  '{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}'

test.each([
  ["the guide's sample stream", streamOf(guideSample)],
  [
    "the guide's stream with its sample of a chunk with usage",
    streamOf(guideUsageSample, { stream_options: { include_usage: true } }),
  ],
  [
    "the documented 401 body",
    exchangeOf({
      operation: "createChatCompletion",
      request: chat,
      key: "wrong",
      status: 401,
      body: documented401,
    }),
  ],
])("%s draws no finding of any rule under nexhina", (_, exchange) => {
  expect(found(rules, [exchange])).toEqual([])
})

test("a documented refusal of the key accuses nobody, whatever was asked with whatever fault", () => {
  const operations = Object.keys(endpoints) as OperationId[]
  const faults = [undefined, ...RequestFault.shape.kind.options]
  for (const [operation, kind] of operations.flatMap((id) => faults.map((kind) => [id, kind] as const))) {
    const fault = kind && { kind, says: "it is wrong", param: "model" }
    for (const request of modesOf(chat)) {
      const facts = { operation, request, status: 401, body: documented401, ...(fault && { fault }) }
      expect(found(rules, [exchangeOf(facts), exchangeOf(facts)])).toEqual([])
    }
  }
})

test("the ids of rules and faults are for ever", () => {
  expect(Object.fromEntries(rules.map(({ id, faults }) => [id, Object.keys(faults)]))).toMatchSnapshot()
})

test("a sentence begins with its severity", () => {
  expect(rules.filter(({ says }) => !/^(MUST|SHOULD|MAY) /.test(says)).map(({ id }) => id)).toEqual([])
})

test("what a rule rests on is a rule, and a fault of it where one is named", () => {
  const faults = new Set(
    rules.flatMap(({ id, faults }) => [id, ...Object.keys(faults).map((name) => `${id}:${name}`)]),
  )
  expect(rules.flatMap(({ after = [] }) => after).filter((entry) => !faults.has(entry))).toEqual([])
})

const groupRules = rules.filter(({ scope }) => scope === "group")

/** An object with own members that every object inherits. */
const likeInherited = fc
  .array(
    fc.tuple(
      fc.constantFrom("valueOf", "constructor", "toString", "__proto__", "hasOwnProperty"),
      fc.jsonValue(),
    ),
    { maxLength: 3 },
  )
  .map((members) => Object.fromEntries(members))

const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.json().map((json) => json.slice(0, 400)),
  likeInherited.map((object) => JSON.stringify(object)),
  fc
    .array(fc.json({ maxDepth: 3 }), { maxLength: 5 })
    .map((data) => data.map((json) => `data: ${json}\n\n`).join("")),
)

test("no rule throws, whatever a server answers to whatever request", () => {
  const operations = Object.keys(endpoints) as OperationId[]
  const documented = fc.constantFrom(...modesOf(chat), ...modesOf(response))
  const widened = fc.tuple(documented, likeInherited).map(([request, more]) => ({ ...request, ...more }))
  const exchanges = fc.record({
    operation: fc.constantFrom(...operations),
    request: fc.option(fc.oneof(fc.jsonValue(), documented, widened), { nil: undefined }),
    status: fc.constantFrom(200, 204, 301, 400, 401, 404, 405, 429, 500, 501, 503),
    type: fc.constantFrom("application/json", "text/event-stream", "text/html", ""),
    body: bodies,
    end: fc.constantFrom(
      {},
      { kind: "timeout" as const, stage: "body" as const },
      { kind: "truncated" as const, stage: "body" as const },
      { kind: "network" as const, stage: "head" as const, code: "HPE_INVALID_CONSTANT" },
    ),
  })
  fc.assert(
    fc.property(
      fc.array(exchanges, { minLength: 1, maxLength: 3 }),
      fc.constantFrom("nexhina" as const, "openai" as const),
      (facts, profileName) => {
        const asked = facts.map((each) => ({
          step: { operation: each.operation },
          exchange: exchangeOf(each),
        }))
        // As a sample of each group rule, so that every kind of rule has something to judge.
        const groups = groupRules.map(({ id }) => ({ sample: { by: id, index: 0, asks: [] }, asked }))
        const tallies = judge(rules, groups, knownOf({ profileName }))
        expect(
          [...tallies.values()].flatMap(({ rule, crash }) => (crash ? [`${rule.id}: ${crash}`] : [])),
        ).toEqual([])
      },
    ),
    { numRuns: 300 },
  )
})

const surfaceOf = (operation: OperationId | undefined) =>
  operation === undefined ? [] : [endpoints[operation].surface]

test("a view reads exchanges on its own surface only, unless it says that it reads them everywhere", async () => {
  const seen: Evidence[] = []
  await run(settingsOf({ runs: 1 }, {}), { onExchange: (exchange) => seen.push(evidenceOf(exchange)) })
  const views = [...new Set(rules.map(({ on }) => on))]
  const misplaced = seen.flatMap((exchange) => {
    const operation = exchange.operation.value
    const on = surfaceOf(operation)
    const readers = views.filter((view) => !mayRead(view, on) && view.of(exchange) !== undefined)
    return readers.map(({ id }) => `${id} reads ${operation}`)
  })
  expect(new Set(seen.flatMap(({ operation }) => surfaceOf(operation.value)))).toEqual(new Set(surfaces))
  expect([...new Set(misplaced)]).toEqual([])
})
