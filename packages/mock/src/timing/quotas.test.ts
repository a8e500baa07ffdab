import type { MockRequest, Reply } from "@nexhina/wire"
import { headerOf } from "@nexhina/wire"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createMock } from "../mock.ts"
import { Refusal } from "../refusal.ts"
import { createQuotas, type Quotas } from "./quotas.ts"

/** Takes a request; returns the seconds of `retry-after` if it is refused. */
function attempt(quotas: Quotas, atMs: number, tokens = 0): number | undefined {
  try {
    quotas.take({ key: "key", scope: "" }, atMs)?.charge(tokens)
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 429) throw error
    return Number(headerOf(error.headers, "retry-after"))
  }
}

const gaps = fc.array(fc.nat(30_000), { maxLength: 60 })

test("in any span of time, no more requests are served than a full quota and what refills", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), gaps, (rpm, waits) => {
      const quotas = createQuotas({ rpm })
      let at = 0
      const served: number[] = []
      for (const wait of waits) {
        at += wait
        if (attempt(quotas, at) === undefined) served.push(at)
      }
      served.forEach((from, first) => {
        served.slice(first).forEach((to, index) => {
          expect(index + 1).toBeLessThanOrEqual(rpm + ((to - from) * rpm) / 60_000 + 1e-9)
        })
      })
    }),
  )
})

test("a request is served after `retry-after`, and not much earlier", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.array(fc.tuple(fc.nat(5000), fc.nat(2000)), { minLength: 1, maxLength: 80 }),
      (rpm, tpm, requests) => {
        const quotas = createQuotas({ rpm, tpm })
        let at = 0.5
        for (const [wait, tokens] of requests) {
          at += wait
          const seconds = attempt(quotas, at, tokens)
          if (seconds === undefined) continue
          expect(seconds).toBeGreaterThan(0)
          if (seconds > 1) expect(attempt(quotas, at + (seconds - 1) * 1000 - 1)).toBeDefined()
          at += seconds * 1000
          expect(attempt(quotas, at)).toBeUndefined()
        }
      },
    ),
  )
})

test("a minute without requests fills every quota, and a clock that steps back changes nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), gaps, (rpm, waits) => {
      const quotas = createQuotas({ rpm })
      let at = 1e6
      for (const wait of waits) {
        at += wait
        attempt(quotas, at)
      }
      attempt(quotas, at - 500_000)
      at += 60_000
      for (let i = 0; i < rpm; i++) expect(attempt(quotas, at)).toBeUndefined()
      expect(attempt(quotas, at)).toBe(Math.ceil(60 / rpm))
    }),
  )
})

test.each([[{ rpm: 0 }], [{ tpm: 1.5 }], [{ rpm: Number.NaN }], [{ rpm: 1e10 }]])(
  "%j is refused",
  (quotas) => {
    expect(() => createMock({ quotas })).toThrow(/Invalid quota '[rt]pm': expected a whole number from 1/)
  },
)

describe("the mock", () => {
  const ask = (headers: readonly (readonly [string, string])[] = [], body: object = {}): MockRequest => ({
    method: "POST",
    target: "/v1/chat/completions",
    headers: [["authorization", "Bearer sk-x"], ["content-type", "application/json"], ...headers],
    body: new TextEncoder().encode(
      JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hi" }], ...body }),
    ),
  })
  const rates = ({ headers }: Reply) =>
    Object.fromEntries(headers.filter(([name]) => /^x-ratelimit|^retry/.test(name)))
  const frozen = { elapsed: () => 0.25 }

  test("counts down in the headers of successes, then refuses with the documented envelope", async () => {
    const mock = createMock({ ...frozen, quotas: { rpm: 3, tpm: 1000 } })
    const first = await mock.handle(ask())
    const { usage } = JSON.parse(String(first.body))
    const left = 1000 - usage.total_tokens
    expect(rates(first)).toEqual({
      "x-ratelimit-limit-requests": "3",
      "x-ratelimit-remaining-requests": "2",
      "x-ratelimit-reset-requests": "20s",
      "x-ratelimit-limit-tokens": "1000",
      "x-ratelimit-remaining-tokens": String(left),
      "x-ratelimit-reset-tokens": `${(usage.total_tokens * 60) / 1000}s`,
    })
    await mock.handle(ask([], { stream: true }))
    const bad = await mock.handle(ask([], { model: 5 }))
    expect([bad.status, rates(bad)["x-ratelimit-remaining-requests"]]).toEqual([400, "0"])
    const refused = await mock.handle(ask())
    expect([refused.status, JSON.parse(String(refused.body))]).toEqual([
      429,
      {
        error: {
          message: "Rate limit reached: 3 requests per minute (RPM). Try again in 20s.",
          type: "rate_limit_error",
          param: null,
          code: "rate_limit_exceeded",
        },
      },
    ])
    expect(rates(refused)).toMatchObject({
      "retry-after": "20",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "1m0s",
    })
  })

  test("counts the tokens of streams too, and waits for what was overdrawn", async () => {
    const mock = createMock({ ...frozen, quotas: { tpm: 20 } })
    const usage = JSON.parse(String((await createMock().handle(ask())).body)).usage.total_tokens
    expect((await mock.handle(ask([], { stream: true }))).status).toBe(200)
    const refused = await mock.handle(ask())
    expect([refused.status, rates(refused)["retry-after"]]).toEqual([
      429,
      String(Math.ceil((usage - 20 + 1) * 3)),
    ])
  })

  test("keys and scopes do not see each other", async () => {
    const mock = createMock({ ...frozen, quotas: { rpm: 1 } })
    const status = async (...headers: [string, string][]) => (await mock.handle(ask(headers))).status
    expect(await status()).toBe(200)
    expect(await status()).toBe(429)
    expect(await status(["x-mock-scope", "b"])).toBe(200)
    expect(await status(["x-mock-scope", "b"])).toBe(429)
    const other = ask().headers.map(([name, value]) => [name, value.replace("sk-x", "sk-y")] as const)
    expect((await mock.handle({ ...ask(), headers: other })).status).toBe(200)
  })

  test("the clock moves quotas, and `reset` makes all as new", async () => {
    const mock = createMock({ ...frozen, quotas: { rpm: 2 } })
    const status = async () => (await mock.handle(ask())).status
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429])
    mock.clock.advance(29_999)
    expect(await status()).toBe(429)
    mock.clock.advance(1)
    expect([await status(), await status()]).toEqual([200, 429])
    await mock.reset()
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429])
  })

  test("requests that read, preflights and requests without a key are not counted", async () => {
    const mock = createMock({ ...frozen, quotas: { rpm: 1 } })
    const models: MockRequest = { ...ask(), method: "GET", target: "/v1/models", body: new Uint8Array() }
    expect(rates(await mock.handle(models))).toEqual({})
    expect(rates(await mock.handle({ ...ask(), method: "OPTIONS" }))).toEqual({})
    expect(rates(await mock.handle({ ...ask(), headers: [] }))).toEqual({})
    expect((await mock.handle(ask())).status).toBe(200)
  })

  test("settings replace the quotas of the options, for all requests or for a scope, from the next request on", async () => {
    const mock = createMock({ ...frozen, quotas: { rpm: 1 } })
    const ratesOf = async (...headers: [string, string][]) => {
      const reply = await mock.handle(ask(headers))
      const rate = rates(reply)
      return [reply.status, rate["x-ratelimit-limit-requests"], rate["x-ratelimit-remaining-requests"]]
    }
    const scoped: [string, string] = ["x-mock-scope", "b"]
    expect([await ratesOf(), await ratesOf()]).toEqual([
      [200, "1", "0"],
      [429, "1", "0"],
    ])
    mock.settings.set({ rpm: 2 })
    expect([await ratesOf(), await ratesOf(scoped)]).toEqual([
      [200, "2", "1"],
      [200, "2", "1"],
    ])
    mock.settings.set({ scope: "b", rpm: "none", tpm: 1 })
    expect(await ratesOf(scoped)).toEqual([200, undefined, undefined])
    expect(rates(await mock.handle(ask([scoped])))).toMatchObject({ "x-ratelimit-limit-tokens": "1" })
    mock.settings.set({ scope: "b" })
    expect([await ratesOf(), await ratesOf(), await ratesOf(scoped)]).toEqual([
      [200, "2", "0"],
      [429, "2", "0"],
      [200, "2", "1"],
    ])
    mock.settings.clear()
    expect(await ratesOf()).toEqual([200, "1", "0"])
  })

  test.each([{ rpm: 0 }, { tpm: 1.5 }, { rpm: Number.NaN }])(
    "the setting %j is refused, and those in use stay",
    (wrong) => {
      const mock = createMock(frozen)
      mock.settings.set({ rpm: 5 })
      expect(() => mock.settings.set(wrong)).toThrow(
        /^Invalid setting '[rt]pm': expected a whole number from 1/,
      )
      expect(mock.settings.list).toEqual([{ rpm: 5 }])
    },
  )

  test("`resetScope` makes one scope as new, and touches no other", async () => {
    const scenarios = [{ id: "flaky", match: {}, fail: { times: 1, status: 503 }, answer: { text: "OK" } }]
    const mock = createMock({ ...frozen, quotas: { rpm: 2 }, scenarios })
    const statuses = async (scope: string) => {
      const one = async () => (await mock.handle(ask(scope ? [["x-mock-scope", scope]] : []))).status
      return [await one(), await one(), await one()]
    }
    const state = () => ({
      exchanges: mock.exchanges.map(({ request }) => headerOf(request.headers, "x-mock-scope") ?? ""),
      faults: mock.scenarios.faults.map(({ scope }) => scope),
      settings: mock.settings.list,
    })
    const all = ["", "a", "b"]
    for (const scope of all) {
      mock.settings.set({ scope, fault: "none" })
      expect(await statuses(scope)).toEqual([503, 200, 429])
    }
    for (const scope of all) {
      const others = all.filter((other) => other !== scope)
      mock.resetScope(scope)
      expect(state()).toEqual({
        exchanges: expect.not.arrayContaining([scope]),
        faults: expect.not.arrayContaining([scope]),
        settings: expect.not.arrayContaining([{ scope, fault: "none" }]),
      })
      expect(new Set(state().exchanges)).toEqual(new Set(others))
      for (const other of others) expect(await statuses(other)).toEqual([429, 429, 429])
      expect(await statuses(scope)).toEqual([503, 200, 429])
      mock.settings.set({ scope, fault: "none" })
    }
  })

  test("a mock without quotas has no such headers", async () => {
    expect(rates(await createMock().handle(ask()))).toEqual({})
  })
})
