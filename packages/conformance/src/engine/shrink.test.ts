import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import type { Draw } from "../drawing/draw.ts"
import { type Fault, type Rule, rule } from "../rule.ts"
import type { ExecutedSample, Executor, Sample } from "../target/execute.ts"
import { type Ask, fixedSteps } from "../target/step.ts"
import { view } from "../view.ts"
import type { Detection } from "./judge.ts"
import { type OnRepeat, shrink } from "./shrink.ts"

const statuses = view<number>({
  id: "statuses",
  says: "all responses",
  surface: "http",
  probes: [],
  of: ({ response }) => response?.status,
})

/** Returns the fault of a status, if it is one. */
const faultsOf = (status: number): Fault<"bad" | "worse">[] =>
  status < 500
    ? []
    : [{ fault: status === 500 ? "bad" : "worse", at: { part: "status" }, expected: "", actual: "" }]

const literal = {
  id: "test.status",
  since: "0.1.0",
  says: "MUST NOT",
  severity: "MUST" as const,
  source: "none",
  on: statuses,
  faults: { bad: "the status is 500", worse: "the status is 501" },
}

/** Fails on two statuses, as different faults. */
const judged: Rule = rule({ ...literal, holds: faultsOf }) as Rule

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
      step: fixedSteps(sample.asks)[0] ?? { operation: "listModels" },
      exchange: exchangeOf({ status, operation: operation as "listModels" }),
    },
  ],
})

const detectionOf = (size: number, isDrawn = true, rule = judged): Detection => {
  const executed = executedWith(sampleOf(size, isDrawn), 500)
  const [asked] = executed.asked
  if (!asked) throw new RangeError("nothing was asked")
  const [fault] = faultsOf(500)
  if (!fault) throw new RangeError("nothing is wrong")
  return { rule, fault, exchange: asked.exchange, executed }
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

interface ShrinkFacts {
  readonly budget?: number
  readonly deterministic?: boolean
  readonly onJudged?: OnRepeat
}

const shrunk = async (
  found: Detection,
  { executor }: { executor: Executor },
  { budget = 1000, deterministic = false, onJudged }: ShrinkFacts = {},
) => shrink(found, { executor, known: knownOf({ deterministic }), rules: [found.rule], budget, onJudged })

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

test("the same fault at another member is another finding of a smaller request, and confirms that of the same one", async () => {
  const elsewhere: Rule = rule({
    ...literal,
    holds: (status) =>
      [500, 501].includes(status)
        ? [
            {
              fault: "bad",
              at: { part: "body", pointer: status === 500 ? "/id" : "/model" },
              expected: "",
              actual: "",
            },
          ]
        : [],
  }) as Rule
  const target = executorOf(() => 501)
  const found = detectionOf(2, true, elsewhere)
  const atId: Detection = { ...found, fault: { ...found.fault, at: { part: "body", pointer: "/id" } } }
  expect(await shrunk(atId, target)).toEqual({ found: atId, confirmed: true, requests: 4 })
  expect(target.sizes).toEqual([0, 1, 2, 2])
})

test("each request is reported with the finding it is sent for, and what for", async () => {
  const found = detectionOf(2)
  const reported: unknown[] = []
  const onJudged: OnRepeat = ({ sample }, of, purpose) => {
    expect(of).toBe(found)
    reported.push([sizeOf(sample), purpose])
  }
  await shrunk(
    found,
    executorOf((size) => (size >= 1 ? 500 : 200)),
    { onJudged },
  )
  expect(reported).toEqual([
    [0, "smaller"],
    [1, "smaller"],
    [0, "smaller"],
    [1, "again"],
    [1, "again"],
  ])
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

  const answered = { exchange: exchangeOf({ status: 200 }) }
  const refused = { exchange: exchangeOf({ end: { kind: "network", stage: "head", code: "ECONNREFUSED" } }) }
  const busy = { exchange: exchangeOf({ status: 429 }) }
  test.each<[string, Omit<ExecutedSample, "sample">, boolean]>([
    ["with no answer", { asked: [refused] }, true],
    ["with 429", { asked: [busy] }, true],
    ["with an answer, and 429 to the next request", { asked: [answered, busy] }, true],
    ["with an answer, and none to the next request", { asked: [answered, refused] }, true],
    ["before anything was sent", { asked: [] }, true],
    ["early, because a budget was used up", { asked: [answered], cut: "the budget is used up" }, true],
    ["early, because of a bug of the kit", { asked: [answered], breach: "n is too large" }, true],
    ["with answers alone", { asked: [answered, answered] }, false],
  ])("whose repetitions end %s", async (_, executed, confirmed) => {
    const found = detectionOf(5, false)
    const target = executorOf(() => ({ ...executed, sample: found.executed.sample }))
    expect(await shrunk(found, target)).toEqual({ found, confirmed, requests: 2 })
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
  interface SampleFacts {
    readonly isDrawn?: boolean
    /** Whether the requests were made from earlier replies. */
    readonly made?: boolean
    /** Which of the requests shows the fault. Default: the second. */
    readonly at?: number
    readonly asks?: readonly Ask[]
    readonly rule?: Rule
    readonly budget?: number
  }

  /** Finds the fault on one of three requests; `alone` is what the target answers to it on its own. */
  async function shrunkOf(
    alone: number,
    {
      isDrawn = true,
      made = false,
      at: place = 1,
      asks = [1, 7, 2].flatMap((size) => asksOf(size)),
      rule = judged,
      budget = 20,
    }: SampleFacts = {},
  ) {
    const sample: Sample = {
      by: "test.status",
      index: 0,
      asks,
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
    const asked = fixedSteps(sample.asks).map((step, at): ExecutedSample["asked"][number] => ({
      step: made ? { operation: "listModels" } : step,
      exchange: exchangeOf({ status: at === place ? 500 : 200, operation: "listModels" }),
    }))
    const shown = asked[place]
    const [fault] = faultsOf(500)
    if (!shown || !fault) throw new RangeError("nothing was asked")
    const found: Detection = { rule, fault, exchange: shown.exchange, executed: { sample, asked } }
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
    await shrunk(found, { executor }, { deterministic: true, budget })
    return sent
  }

  test("is sent alone first, and stays alone while it is made smaller", async () => {
    expect(await shrunkOf(500)).toEqual([[7], [3]])
    expect(await shrunkOf(500, { isDrawn: false })).toEqual([[7]])
    expect(await shrunkOf(500, { at: 0 })).toEqual([[1], [1]])
    expect(await shrunkOf(500, { at: 2 })).toEqual([[2], [2]])
  })

  test("is sent alone also when a request was to be made from its reply, but not when it is the only one", async () => {
    const asks = asksOf(7)
    expect(await shrunkOf(500, { isDrawn: false, at: 0, asks: [...asks, () => undefined] })).toEqual([[7]])
    expect(await shrunkOf(500, { isDrawn: false, at: 0, asks })).toEqual([])
  })

  test("is not sent alone where the rule is about the whole run", async () => {
    const ofRun: Rule = rule({
      ...literal,
      scope: "run",
      holds: (all) => all.flatMap((status, of) => faultsOf(status).map((each) => ({ ...each, of }))),
    }) as Rule
    expect(await shrunkOf(500, { rule: ofRun })).toEqual([[1, 3, 2]])
  })

  test("is sent within the budget", async () => {
    const sentWithin = (budget: number) => shrunkOf(500, { budget })
    expect(await sentWithin(0)).toEqual([])
    expect(await sentWithin(1)).toEqual([[7]])
    expect(await sentWithin(2)).toEqual([[7], [3]])
  })

  test("keeps the others when the fault does not show without them", async () => {
    expect(await shrunkOf(200)).toEqual([[7], [1, 3, 2]])
  })

  test("is sent beside the first one where the rule compares them, unless it is the only one", async () => {
    const compared: Rule = rule({
      ...literal,
      scope: "group",
      holds: (statuses) =>
        statuses.flatMap((status, of) =>
          statuses.includes(200) ? faultsOf(status).map((each) => ({ ...each, of })) : [],
        ),
    }) as Rule
    const executedOf = (sample: Sample): ExecutedSample => ({
      sample,
      asked: fixedSteps(sample.asks).map((step) => {
        const status = sizeOf({ ...sample, asks: [step] }) === 2 ? 500 : 200
        return { step, exchange: exchangeOf({ status, operation: "listModels" }) }
      }),
    })
    const smallestOf = async (sizes: readonly number[]) => {
      const executed = executedOf({
        by: "test.status",
        index: 0,
        asks: sizes.flatMap((size) => asksOf(size)),
      })
      const exchange = executed.asked[sizes.indexOf(2)]?.exchange
      const [fault] = faultsOf(500)
      if (!exchange || !fault) throw new RangeError("nothing was asked")
      let sent = 0
      const executor: Executor = {
        get sent() {
          return sent
        },
        ended: () => undefined,
        exhausted: () => undefined,
        async execute(sample) {
          sent++
          return executedOf(sample)
        },
      }
      const found: Detection = { rule: compared, fault, exchange, executed }
      const result = await shrunk(found, { executor }, { deterministic: true })
      const { asks } = result.found.executed.sample
      return [asks.map((ask) => sizeOf({ by: "test.status", index: 0, asks: [ask] })), result.requests]
    }
    expect(await smallestOf([1, 7, 2, 9])).toEqual([[1, 2], 1])
    expect(await smallestOf([2, 7, 9])).toEqual([[2, 7, 9], 1])
    expect(await smallestOf([1, 2])).toEqual([[1, 2], 0])
  })

  test("is not sent alone when it was made from an earlier reply", async () => {
    expect(await shrunkOf(500, { made: true })).toEqual([[1, 3, 2]])
  })
})
