import fc from "fast-check"
import { expect, test } from "vitest"
import { createCompiler } from "./compiler.ts"
import type { Endpoint } from "./endpoint.ts"
import { endpoints } from "./endpoints.ts"

const contracts = Object.entries<Endpoint>(endpoints).flatMap(([operationId, { request }]) =>
  request ? [{ operationId, request }] : [],
)

/** Returns the value with one of its inner values replaced. */
function mutated(value: unknown, place: number, replacement: unknown): unknown {
  const places: { holder: Record<string, unknown>; key: string }[] = []
  const collect = (holder: unknown) => {
    if (typeof holder !== "object" || holder === null) return
    for (const key of Object.keys(holder)) {
      places.push({ holder: holder as Record<string, unknown>, key })
      collect((holder as Record<string, unknown>)[key])
    }
  }
  const copy = structuredClone(value)
  collect(copy)
  const chosen = places[place % places.length]
  if (chosen) chosen.holder[chosen.key] = replacement
  return copy
}

test.each(contracts)(
  "the compiled schema of $operationId gives the same values and errors",
  async ({ request }) => {
    const { schema } = request
    const quick = createCompiler(1)
    expect(quick(schema)).toBe(schema)
    await expect.poll(() => quick(schema)).not.toBe(schema)
    const compiled = quick(schema)
    const examples = Object.values(request.examples).map(({ value }) => value)
    fc.assert(
      fc.property(
        fc.constantFrom(...examples),
        fc.nat(),
        fc.jsonValue({ maxDepth: 2 }),
        (example, place, other) => {
          for (const body of [example, mutated(example, place, other)]) {
            const [fast, plain] = [compiled, schema].map((each) =>
              each.safeParse(body, { abortEarly: true } as object),
            )
            expect(JSON.stringify(fast?.data)).toBe(JSON.stringify(plain?.data))
            expect(fast?.error?.issues).toEqual(plain?.error?.issues)
            expect(compiled.validate(body)).toBe(plain?.success)
          }
        },
      ),
    )
  },
)
