import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { fixedSteps, type Step } from "../target/step.ts"
import { contractBreach, toWire } from "../target/to-wire.ts"
import { clientRequestRules } from "./client-requests.ts"

const known = knownOf()
const target = { baseUrl: "http://127.0.0.1:1/v1", apiKey: "sk-0123456789abcdef", headers: [] }
const error = { error: { message: "No.", type: "invalid_request_error", param: null, code: null } }

async function answered(step: Step, status: number) {
  const { headers, body } = await toWire(step, target)
  return exchangeOf({
    operation: step.operation,
    request: body,
    requestHeaders: headers,
    status,
    body: status === 200 ? { id: "x" } : error,
  })
}

const stepsOf = (rule: (typeof clientRequestRules)[number]): Step[] => {
  const asks = rule.asks?.(known) ?? []
  if (!Array.isArray(asks)) throw new Error(`${rule.id} draws its requests`)
  return fixedSteps(asks)
}

test.each(clientRequestRules.map((rule) => [rule.id, rule] as const))(
  "%s finds each form that is refused, in any order, and no other",
  async (_, rule) => {
    const [plain, ...forms] = stepsOf(rule)
    if (plain === undefined) throw new Error("no plain request")
    expect(stepsOf(rule).map(contractBreach)).toEqual([plain, ...forms].map(() => undefined))
    const names = Object.keys(rule.faults)
    expect(forms).toHaveLength(names.length)
    const status = fc.constantFrom(200, 400, 403, 413, 422, 408, 429, 500)
    await fc.assert(
      fc.asyncProperty(fc.tuple(...names.map(() => status)), fc.boolean(), async (statuses, plainLast) => {
        const special = await Promise.all(forms.map((form, at) => answered(form, statuses[at] ?? 200)))
        const control = await answered(plain, 200)
        const exchanges = plainLast ? [...special, control] : [control, ...special]
        const refused = names.filter((_, at) => [400, 403, 413, 422].includes(statuses[at] ?? 200))
        expect(found([rule], exchanges, known).map(([, fault]) => fault)).toEqual(refused)
      }),
      { numRuns: 40 },
    )
    const allRefused = await Promise.all([plain, ...forms].map((step) => answered(step, 400)))
    expect(judgedBy([rule], allRefused, known)).toEqual([])
  },
)

test("a body in chunks may be answered with 411", async () => {
  const rule = clientRequestRules.find(({ id }) => id === "client.chunked-body")
  if (!rule) throw new Error("no rule")
  const [plain, chunked] = stepsOf(rule) as [Step, Step]
  expect(found([rule], [await answered(plain, 200), await answered(chunked, 411)], known)).toEqual([])
})
