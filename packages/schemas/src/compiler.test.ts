import fc from "fast-check"
import { expect, test } from "vitest"
import type { z } from "zod"
import { createCompiler } from "./compiler.ts"
import type { Endpoint } from "./endpoint.ts"
import { endpoints } from "./endpoints.ts"
import { createValidationCompiler } from "./zod-compile.ts"

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

interface Given {
  readonly name: string
  readonly schema: z.ZodType
  readonly values: readonly unknown[]
}

const valuesOf = (examples: Endpoint["examples"]) => Object.values(examples).map(({ value }) => value)

/** The schemas of an endpoint, each with values that fit it. */
function schemasOf({ operationId, request, success, examples }: Endpoint): readonly Given[] {
  const replies = Object.entries(success.content).flatMap(([mediaType, content]): Given[] => {
    const name = `${operationId}: ${mediaType}`
    if (content.kind === "json") return [{ name, schema: content.schema, values: valuesOf(examples) }]
    if (content.kind !== "stream") return []
    const values = Object.values(content.examples).flatMap(({ value }) => value)
    return [{ name, schema: content.item, values }]
  })
  if (!request) return replies
  const { schema } = request
  return [{ name: `${operationId}: request`, schema, values: valuesOf(request.examples) }, ...replies]
}

const given = Object.values<Endpoint>(endpoints).flatMap(schemasOf)

test.each(given)("the compiled schema of $name takes the same values", ({ schema, values }) => {
  const compiled = createValidationCompiler()(schema)
  expect(values.length).toBeGreaterThan(0)
  expect(compiled).not.toBe(schema)
  const places = { value: fc.constantFrom(...values), place: fc.nat(), other: fc.jsonValue({ maxDepth: 2 }) }
  fc.assert(
    fc.property(fc.record(places), ({ value, place, other }) => {
      for (const each of [value, mutated(value, place, other), other])
        expect(compiled.validate(each)).toBe(schema.safeParse(each).success)
    }),
    { numRuns: 200 },
  )
})
