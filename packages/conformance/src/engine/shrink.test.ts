import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import type { Draw } from "../drawing/draw.ts"
import { type Rule, rule } from "../rule.ts"
import type { ExecutedSample, Executor, Sample } from "../target/execute.ts"
import type { Ask, Step } from "../target/step.ts"
import { view } from "../view.ts"
import type { Detection } from "./judge.ts"
import { shrink } from "./shrink.ts"

const statuses = view<number>({
  id: "statuses",
  says: "all responses",
  surface: "http",
  probes: [],
  of: ({ response }) => response?.status,
})

/** Fails on two statuses, as different faults. */
const judged: Rule = rule({
  id: "test.status",
  since: "0.1.0",
  says: "MUST NOT",
  severity: "MUST",
  source: "none",
  on: statuses,
  faults: { bad: "the status is 500", worse: "the status is 501" },
  holds: (status) =>
    status < 500
      ? []
      : [
          {
            fault: status === 500 ? "bad" : "worse",
            at: { part: "status" },
            expected: "",
            actual: "",
          },
        ],
}) as Rule

const asksOf = (size: number): Ask[] => [{ operation: "listModels", query: { size: String(size) } }]

/** Draws a number, which shrinks to all smaller ones, smallest first. */
const drawOf = (size: number): Draw<readonly Ask[]> => ({
  seed: 0,
  index: 0,
  value: asksOf(size),
  *shrink() {
    for (let smaller = 0; smaller < size; smaller++) yield drawOf(smaller)
  },
})

const sizeOf = ({ asks }: Sample): number => {
  const [ask] = asks
  return Number(typeof ask === "object" && "query" in ask ? ask.query?.["size"] : Number.NaN)
}

const sampleOf = (size: number, isDrawn: boolean): Sample => ({
  by: "test.status",
  index: 0,
  asks: asksOf(size),
  ...(isDrawn && { draw: drawOf(size) }),
})

const executedWith = (sample: Sample, status: number, operation = "listModels"): ExecutedSample => ({
  sample,
  asked: [
    {
      step: { operation: "listModels" },
      exchange: exchangeOf({ status, operation: operation as "listModels" }),
    },
  ],
})

const detectionOf = (size: number, isDrawn = true): Detection => {
  const executed = executedWith(sampleOf(size, isDrawn), 500)
  const [asked] = executed.asked
  if (!asked) throw new RangeError("nothing was asked")
  const fault = { fault: "bad", at: { part: "status" }, expected: "", actual: "" } as const
  return { rule: judged, fault, exchange: asked.exchange, executed }
}

/** Creates an executor whose target answers by the size of a sample and the number of requests before it. */
function executorOf(answer: (size: number, before: number) => number | ExecutedSample, limit = Infinity) {
  const sizes: number[] = []
  const executor: Executor = {
    // Requests of earlier phases do not count against the budget.
    get sent() {
      return 100 + sizes.length
    },
    ended: () => undefined,
    exhausted: () => (sizes.length >= limit ? "the budget is used up" : undefined),
    async execute(sample) {
      const size = sizeOf(sample)
      const answered = answer(size, sizes.length)
      sizes.push(size)
      return typeof answered === "number" ? executedWith(sample, answered) : answered
    },
  }
  return { executor, sizes }
}

const shrunk = async (
  found: Detection,
  { executor }: { executor: Executor },
  { budget = 1000, deterministic = false } = {},
) => shrink(found, { executor, known: knownOf({ deterministic }), rules: [judged], budget })

test("the smallest request that shows the fault is found, however large the first one was", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(12), fc.nat(12), async (threshold, more) => {
      const target = executorOf((size) => (size >= threshold ? 500 : 200))
      const result = await shrunk(detectionOf(threshold + more), target)
      expect(sizeOf(result.found.executed.sample)).toBe(threshold)
      expect(result).toMatchObject({ confirmed: true, requests: target.sizes.length })
      // The smallest one is what is asked twice more.
      expect(target.sizes.slice(-2)).toEqual([threshold, threshold])
    }),
  )
})

test("shrinking goes on from each smaller request that shows the fault", async () => {
  // Found at 9: 0 to 3 do not show it, 4 does; then 0 to 3 are asked again, as smaller ones of 4.
  const target = executorOf((size) => (size >= 4 ? 500 : 200))
  await shrunk(detectionOf(9), target, { deterministic: true })
  expect(target.sizes).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3])
})

test("another fault, and the same fault of another operation, are not the same finding", async () => {
  const worse = executorOf(() => 501)
  expect(sizeOf((await shrunk(detectionOf(3), worse)).found.executed.sample)).toBe(3)
  const elsewhere = executorOf((size) => executedWith(sampleOf(size, true), 500, "createEmbedding"))
  const result = await shrunk(detectionOf(3), elsewhere)
  expect([sizeOf(result.found.executed.sample), result.confirmed]).toEqual([3, false])
})

describe("requests are bounded", () => {
  test("by the budget, which confirmations do not count against", async () => {
    for (const budget of [0, 1, 2, 5]) {
      const target = executorOf(() => 200)
      const { requests } = await shrunk(detectionOf(8), target, { budget })
      expect([requests, target.sizes.length]).toEqual([budget + 2, budget + 2])
      expect(target.sizes.slice(budget)).toEqual([8, 8])
    }
  })

  test("by the executor, also while the fault is confirmed", async () => {
    for (const limit of [0, 1, 3, 8, 9]) {
      const target = executorOf(() => 200, limit)
      const { requests, confirmed } = await shrunk(detectionOf(8), target)
      // Eight smaller requests come first. What could not be repeated was not contradicted.
      expect([requests, target.sizes.length, confirmed]).toEqual([limit, limit, limit <= 8])
    }
    const cut = executorOf(() => 500, 1)
    expect(await shrunk(detectionOf(1, false), cut)).toMatchObject({ requests: 1, confirmed: true })
  })
})

describe("a fixed request", () => {
  test.each([
    [500, 500, true],
    [500, 200, false],
    [200, 500, false],
    [200, 200, false],
    [501, 500, false],
  ])(
    "that is answered %i and %i when it is asked again: confirmed is %s",
    async (first, second, confirmed) => {
      const target = executorOf((_, before) => (before === 0 ? first : second))
      const found = detectionOf(5, false)
      const result = await shrunk(found, target)
      expect(target.sizes).toEqual([5, 5])
      expect(result).toEqual({ found, confirmed, requests: 2 })
    },
  )

  test.each([
    ["no answer", { end: { kind: "network", stage: "head", code: "ECONNREFUSED" } }],
    ["429", { status: 429 }],
  ] as const)("is confirmed when its repetitions end with %s", async (_, reply) => {
    const found = detectionOf(5, false)
    const [asked] = found.executed.asked
    if (!asked) throw new RangeError("nothing was asked")
    const unanswered = { ...found.executed, asked: [{ ...asked, exchange: exchangeOf(reply) }] }
    expect(
      await shrunk(
        found,
        executorOf(() => unanswered),
      ),
    ).toMatchObject({ confirmed: true, requests: 2 })
  })

  test("of a deterministic target is not asked again", async () => {
    const target = executorOf(() => 200)
    const found = detectionOf(5, false)
    expect(await shrunk(found, target, { deterministic: true })).toEqual({
      found,
      confirmed: true,
      requests: 0,
    })
  })
})

describe("a request in a sample of several", () => {
  /** Finds the fault on the second of three requests; `alone` is what the target answers to it on its own. */
  async function shrunkOf(alone: number, { isDrawn = true, made = false } = {}) {
    const sample: Sample = {
      by: "test.status",
      index: 0,
      asks: [1, 7, 2].flatMap((size) => asksOf(size)),
      ...(isDrawn && {
        draw: {
          seed: 0,
          index: 0,
          value: [],
          *shrink() {
            yield { ...drawOf(0), value: [1, 3, 2].flatMap((size) => asksOf(size)), *shrink() {} }
          },
        } as Draw<readonly Ask[]>,
      }),
    }
    const asked = sample.asks.map((ask, at) => ({
      step: (made ? { operation: "listModels" } : ask) as Step,
      exchange: exchangeOf({ status: at === 1 ? 500 : 200, operation: "listModels" }),
    }))
    const [, second] = asked
    if (!second) throw new RangeError("nothing was asked")
    const fault = { fault: "bad", at: { part: "status" }, expected: "", actual: "" } as const
    const found: Detection = { rule: judged, fault, exchange: second.exchange, executed: { sample, asked } }
    const sent: number[][] = []
    const executor: Executor = {
      get sent() {
        return sent.flat().length
      },
      ended: () => undefined,
      exhausted: () => undefined,
      async execute(each) {
        sent.push(each.asks.map((ask) => sizeOf({ ...each, asks: [ask] })))
        return executedWith(each, each.asks.length === 1 ? alone : 500)
      },
    }
    await shrink(found, { executor, known: knownOf({ deterministic: true }), rules: [judged], budget: 20 })
    return sent
  }

  test("is sent alone first, and stays alone while it is made smaller", async () => {
    expect(await shrunkOf(500)).toEqual([[7], [3]])
    expect(await shrunkOf(500, { isDrawn: false })).toEqual([[7]])
  })

  test("keeps the others when the fault does not show without them", async () => {
    expect(await shrunkOf(200)).toEqual([[7], [1, 3, 2]])
  })

  test("is sent beside the first one where the rule compares them", async () => {
    const sent: number[][] = []
    const sample: Sample = { by: "test.pair", index: 0, asks: [1, 7, 2, 9].flatMap((size) => asksOf(size)) }
    const statusOf = (ask: Ask) => (sizeOf({ ...sample, asks: [ask] }) === 2 ? 500 : 200)
    const executedOf = (each: Sample): ExecutedSample => ({
      sample: each,
      asked: each.asks.map((ask) => ({
        step: ask as Step,
        exchange: exchangeOf({ status: statusOf(ask), operation: "listModels" }),
      })),
    })
    const compared: Rule = rule({
      ...(judged as Rule & { scope?: undefined }),
      id: "test.pair",
      scope: "group",
      holds: (statuses) =>
        statuses.flatMap((status, of) =>
          status === 500 && statuses.includes(200)
            ? [{ fault: "bad" as const, at: { part: "status" } as const, expected: "", actual: "", of }]
            : [],
        ),
    }) as Rule
    const executed = executedOf(sample)
    const exchange = executed.asked[2]?.exchange
    if (!exchange) throw new RangeError("nothing was asked")
    const fault = { fault: "bad", at: { part: "status" }, expected: "", actual: "" } as const
    const executor: Executor = {
      get sent() {
        return sent.flat().length
      },
      ended: () => undefined,
      exhausted: () => undefined,
      async execute(each) {
        sent.push(each.asks.map((ask) => sizeOf({ ...each, asks: [ask] })))
        return executedOf(each)
      },
    }
    const found: Detection = { rule: compared, fault, exchange, executed }
    const { found: smallest } = await shrink(found, {
      executor,
      known: knownOf({ deterministic: true }),
      rules: [compared],
      budget: 20,
    })
    expect(sent).toEqual([[1, 2]])
    expect(smallest.executed.sample.asks).toEqual([1, 2].flatMap((size) => asksOf(size)))
  })

  test("is not sent alone when it was made from an earlier reply", async () => {
    expect(await shrunkOf(500, { made: true })).toEqual([[1, 3, 2]])
  })
})
