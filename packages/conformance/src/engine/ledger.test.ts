import type { OperationId } from "@nexhina/schemas"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { limits } from "../limits.ts"
import type { Finding } from "../reports/report.ts"
import { type Rule, rule } from "../rule.ts"
import type { ExecutedSample } from "../target/execute.ts"
import { view } from "../view.ts"
import { createJudge } from "./judge.ts"
import { Ledger } from "./ledger.ts"

const statuses = view<number>({
  id: "statuses",
  says: "all responses",
  surface: "http",
  probes: [],
  of: ({ response }) => response?.status,
})

const literal = { since: "0.1.0", says: "MUST", severity: "MUST", source: "none", on: statuses } as const

/** Finds each status that is not 200, at a place of its own. */
const each: Rule = rule({
  ...literal,
  id: "test.each",
  faults: { other: "another status" },
  holds: (status) =>
    status === 200
      ? []
      : [
          {
            fault: "other",
            at: { part: "body", pointer: `/${status}` },
            expected: "200",
            actual: `${status}`,
          },
        ],
}) as Rule

/** Finds a status that differs from the first one of the run. */
const all: Rule = rule({
  ...literal,
  id: "test.all",
  scope: "run",
  faults: { differs: "a status differs" },
  holds: (seen) =>
    seen.flatMap((status, of) =>
      status === seen[0]
        ? []
        : [{ fault: "differs", of, at: { part: "status" }, expected: `${seen[0]}`, actual: `${status}` }],
    ),
}) as Rule

const sample = (
  by: string,
  index: number,
  status: number,
  operation: OperationId = "listModels",
): ExecutedSample => ({
  sample: { by, index, asks: [] },
  asked: [
    {
      step: { operation },
      exchange: {
        ...exchangeOf({ operation, status, body: "x".repeat(10_000) }),
        id: String(10 * index + status),
      },
    },
  ],
})

const createLedger = () =>
  new Ledger({
    judge: createJudge([each, all], knownOf()),
    isReported: () => true,
    findingOf: ({ fault, exchange }) => ({ actual: `${fault.actual} in ${exchange.id}` }) as Finding,
  })

const inTime = () => undefined
const nothingAbsent = new Set<OperationId>()

test("a judged sample keeps only the beginning of its bodies", () => {
  const kept = createLedger().add(sample("a", 0, 200), inTime).brief
  const lengths = kept.asked.map(({ exchange }) => exchange.response?.chunks.map(({ bytes }) => bytes.length))
  expect(lengths).toEqual([[4096]])
})

test("the result does not depend on the order in which samples come", () => {
  const samples = [sample("b", 1, 500), sample("a", 1, 404), sample("b", 0, 500), sample("a", 0, 500)]
  const results = [samples, samples.toReversed()].map((given) => {
    const ledger = createLedger()
    for (const one of given) ledger.add(one, inTime)
    const { tallies } = ledger.result(nothingAbsent)
    return [...tallies].map(([id, { judged, found }]) => [
      id,
      judged,
      found.map(({ finding, times, foundAfter }) => [finding.actual, times, foundAfter]),
    ])
  })
  expect(results[0]).toEqual(results[1])
  // Keys that the contract does not define are one place: the finding is the same, shown where it came first.
  expect(results[0]).toEqual([
    ["test.each", 4, [["500 in 500", 4, 414]]],
    ["test.all", 1, [["404 in 414", 1, 414]]],
  ])
})

test("a rule has a tally even if there was nothing to judge, or no time", () => {
  const ledger = createLedger()
  const cut = ledger.add(sample("a", 0, 500), () => "no time").brief
  expect(cut.cut).toBe("no time")
  expect(ledger.unjudged).toBe(1)
  expect(ledger.add({ ...sample("a", 0, 500), asked: [] }, () => "no time").brief.cut).toBeUndefined()
  expect(ledger.unjudged).toBe(1)
  const judged = [...ledger.result(nothingAbsent).tallies].map(([id, tally]) => [id, tally.judged])
  expect(judged).toEqual([
    ["test.each", 0],
    ["test.all", 0],
  ])
})

test("a spoilt request to an endpoint that is absent counts for nothing", () => {
  const ledger = createLedger()
  const { sample: of, asked } = sample("a", 0, 404, "createEmbedding")
  const fault = { kind: "missing", says: "a member is missing" } as const
  ledger.add(
    {
      sample: of,
      asked: asked.map(({ exchange }) => ({ step: { operation: "createEmbedding", fault }, exchange })),
    },
    inTime,
  )
  const judged = (absent: ReadonlySet<OperationId>) => ledger.result(absent).tallies.get("test.each")?.judged
  expect(judged(new Set(["createEmbedding"]))).toBe(0)
  expect(judged(new Set(["createRerank"]))).toBe(1)
})

test("findings beyond the limit are counted, and each broken rule keeps its first", () => {
  const ledger = createLedger()
  const operations = ["listModels", "createEmbedding"] as const
  for (const operation of operations) ledger.add(sample(operation, 0, 500, operation), inTime)
  expect(ledger.omitted).toBe(0)
  const full = new Ledger({
    judge: createJudge([each], knownOf()),
    isReported: () => true,
    findingOf: () => ({ actual: "x".repeat(limits.findingBytes.max) }) as Finding,
  })
  for (const operation of operations) full.add(sample(operation, 0, 500, operation), inTime)
  expect([full.result(nothingAbsent).tallies.get("test.each")?.found.length, full.omitted]).toEqual([1, 1])
})

test("a rule about the whole run that found nothing in what was kept holds for nothing", () => {
  const { max } = limits.comparedExchanges
  const judgedAfter = (count: number, status: number) => {
    const ledger = createLedger()
    for (let index = 0; index < count; index++)
      ledger.add(sample("a", index, index === 1 ? status : 200), inTime)
    const { judged, cut, found } = ledger.result(nothingAbsent).tallies.get("test.all") ?? {}
    return { judged, cut, found: found?.length }
  }
  const cut = `it compares at most ${max} exchanges, and there were more`
  expect(judgedAfter(max, 200)).toEqual({ judged: 1, cut: undefined, found: 0 })
  expect(judgedAfter(max + 1, 200)).toEqual({ judged: 0, cut, found: 0 })
  expect(judgedAfter(max + 1, 404)).toEqual({ judged: 1, cut: undefined, found: 1 })
})
