import { expect, test } from "vitest"
import type { Evidence } from "../evidence.ts"
import { type Rule, rule } from "../rule.ts"
import type { ExecutedSample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import { view } from "../view.ts"
import { judge, withPrerequisites } from "./judge.ts"

const exchange = (id: string, status: number): Evidence => ({
  v: 1,
  operation: { basis: "stated", value: "listModels" },
  fault: { basis: "stated", value: undefined },
  key: { basis: "stated", value: "configured" },
  id,
  request: {
    method: "GET",
    target: "http://127.0.0.1/v1/models",
    headers: [],
    body: new Uint8Array(),
    sentAtMs: 0,
  },
  response: { status, headers: [], trailers: [], chunks: [] },
  end: { kind: "complete", atMs: 1 },
  fidelity: { bytes: true, timing: false },
})

const group = (by: string, ...exchanges: Evidence[]): ExecutedSample => ({
  sample: { by, index: 0, asks: [] },
  asked: exchanges.map((each) => ({ step: { operation: "listModels" as const }, exchange: each })),
})

let readings = 0
const statuses = view<number>({
  id: "statuses",
  says: "all responses",
  surface: "http",
  probes: [],
  of: ({ response }) => {
    readings++
    return response?.status
  },
})

const literal = { since: "0.1.0", says: "MUST", severity: "MUST", source: "none", on: statuses } as const

const even = rule({
  ...literal,
  id: "test.even",
  faults: { odd: "the status is odd" },
  holds: (status) =>
    status % 2 === 0 ? [] : [{ fault: "odd", at: { part: "status" }, expected: "even", actual: `${status}` }],
})
const small = rule({
  ...literal,
  id: "test.small",
  after: ["test.even"],
  faults: { large: "the status is large" },
  holds: (status) =>
    status > 500 ? [{ fault: "large", at: { part: "status" }, expected: "≤ 500", actual: `${status}` }] : [],
})
const alike = rule({
  ...literal,
  id: "test.alike",
  scope: "group",
  faults: { differs: "a status differs from the first" },
  holds: (all) =>
    all.flatMap((status, of) =>
      status === all[0]
        ? []
        : [{ fault: "differs", of, at: { part: "status" }, expected: `${all[0]}`, actual: `${status}` }],
    ),
})
const known = {} as TargetFacts

test("a rule that rests on another is not judged where that one failed, in whatever order they stand", () => {
  const groups = [group("probe", exchange("a", 200), exchange("b", 501), exchange("c", 502))]
  for (const rules of [
    [even, small],
    [small, even],
  ] as Rule[][]) {
    const tally = judge(rules, groups, known).get("test.small")
    expect(tally?.judged).toBe(2)
    expect(tally?.found.map((found) => found.exchange.id)).toEqual(["c"])
    expect(tally?.undecided).toEqual(new Map([["rests on test.even, which failed on the same exchange", 1]]))
  }
})

test("a rule may rest on one fault of another alone", () => {
  const groups = [group("probe", exchange("a", 501))]
  const resting = (after: string) =>
    judge([even, { ...small, after: [after] }] as Rule[], groups, known).get("test.small")
  expect(resting("test.even:odd")?.judged).toBe(0)
  expect(resting("test.even:huge")?.judged).toBe(1)
})

test("a group rule judges its own groups only, and says which exchange shows the fault", () => {
  const groups = [
    group("test.alike", exchange("a", 200), exchange("b", 204)),
    group("other", exchange("c", 200), exchange("d", 404)),
  ]
  const tally = judge([alike as Rule], groups, known).get("test.alike")
  expect(tally?.judged).toBe(1)
  expect(tally?.found.map((found) => found.exchange.id)).toEqual(["b"])
})

test("an exchange is read once for all rules of a view", () => {
  readings = 0
  judge([even, small] as Rule[], [group("probe", exchange("a", 200))], known)
  expect(readings).toBe(1)
})

test("a rule that throws is the kit's fault and leaves the others alone", () => {
  const broken = {
    ...even,
    id: "test.broken",
    holds: () => {
      throw new Error("bug")
    },
  } as Rule
  const tallies = judge([broken, small as Rule], [group("probe", exchange("a", 200))], known)
  expect(tallies.get("test.broken")?.crash).toMatch(/bug/)
  expect(tallies.get("test.small")?.judged).toBe(1)
})

test("what a selected rule rests on is judged too, through any number of steps", () => {
  const third = { ...small, id: "test.third", after: ["test.small"] } as Rule
  expect(withPrerequisites([third], [even, small, third, alike] as Rule[]).map(({ id }) => id)).toEqual([
    "test.even",
    "test.small",
    "test.third",
  ])
})
