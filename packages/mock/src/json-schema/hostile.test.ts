import { expect, test } from "vitest"
import { type Random, random } from "../content/random.ts"
import { Refusal } from "../refusal.ts"
import { generate } from "./generate.ts"

const named = (count: number, schema: unknown = true) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, schema]))
const objects = (from: number) => Array.from({ length: 5000 }, (_, index) => ({ a: from + index }))
const required = (schema: object) => ({ required: ["a"], properties: { a: schema } })
const manyRanges = Array.from({ length: 1000 }, (_, index) => {
  const from = 0x1000 + 3 * index
  return String.fromCodePoint(from, 0x2d, from + 1)
}).join("")

const schemas: Readonly<Record<string, object>> = {
  "branches of a wide object": {
    allOf: [{ properties: named(9000) }, { anyOf: Array(2000).fill({ properties: { x: true }, enum: [] }) }],
  },
  "an enum of objects that `not` excludes": required({ enum: objects(0), not: { enum: objects(0) } }),
  "a constant that is not in a long enum": { const: { a: -1 }, enum: Array(20).fill(objects(0)).flat() },
  "long texts that no branch allows": required({
    anyOf: Array(5000).fill({ type: "string", minLength: 9000, maxLength: 4 }),
  }),
  "unique items": required({
    type: "array",
    minItems: 3000,
    uniqueItems: true,
    items: { const: Array(10_000).fill("abcdefgh") },
  }),
  "a large constant many times": required({
    type: "array",
    minItems: 9000,
    items: { const: Array(10_000).fill("abcdefgh") },
  }),
  "nested repetitions": required({ pattern: "^((((((((a*)*)*)*)*)*)*)*)*b$", minLength: 2000 }),
  "a class of many ranges": required({ pattern: `^[${manyRanges}]+$`, minLength: 5000 }),
  "many patterns": required({
    type: "object",
    minProperties: 2000,
    patternProperties: Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`^a${index}`, true])),
    additionalProperties: false,
  }),
  "patterns of names": { minProperties: 9000, propertyNames: { pattern: "^(a|b)+$" } },
  "an endless reference": {
    $defs: { a: { properties: named(3000, { $ref: "#/$defs/a" }), required: Object.keys(named(3000)) } },
    $ref: "#/$defs/a",
  },
}

/** Replaces a method while `act` runs. */
function replaced(owner: object, methods: object, act: () => void): void {
  const own = Object.fromEntries(Object.keys(methods).map((name) => [name, Reflect.get(owner, name)]))
  Object.assign(owner, methods)
  try {
    act()
  } finally {
    Object.assign(owner, own)
  }
}

/**
 * Lets `act` generate a value, and throws when it takes too many steps, whatever is charged for them: what is read of
 * the schema, what is drawn, the places that a pattern reaches, and the ranges that a character is looked up in.
 */
function countingSteps(schema: unknown, act: (schema: unknown, random: Random) => void): void {
  let steps = 0
  const step = (count = 1) => {
    steps += count
    if (steps > mostSteps) throw new Error(`over ${mostSteps} steps`)
  }
  const known = new WeakMap<object, unknown>()
  const counted = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value
    const get = (target: object, key: PropertyKey) => {
      step()
      return counted(Reflect.get(target, key))
    }
    if (!known.has(value)) known.set(value, new Proxy(value, { get }))
    return known.get(value)
  }
  const { fraction, below, pick, shuffle } = random([1, 2])
  const draws: Random = {
    fraction() {
      step()
      return fraction()
    },
    below(limit) {
      step()
      return below(limit)
    },
    pick(items) {
      step()
      return pick(items)
    },
    shuffle(items) {
      step(items.length)
      return shuffle(items)
    },
  }
  const { add } = Set.prototype
  const { some } = Array.prototype
  const places: Partial<Set<unknown>> = {
    add(item) {
      step()
      return add.call(this, item)
    },
  }
  const ranges: Pick<unknown[], "some"> & ThisType<unknown[]> = {
    some(holds: (item: unknown, index: number, items: unknown[]) => unknown) {
      step(this.length)
      return some.call(this, holds)
    },
  }
  replaced(Set.prototype, places, () => replaced(Array.prototype, ranges, () => act(counted(schema), draws)))
}

/** Steps within the budget of a request. The cheapest are some tens of nanoseconds long. */
const mostSteps = 2_000_000

test.each(Object.keys(schemas))("%s: the schema is given up within the budget (F2, F3)", (name) => {
  countingSteps(schemas[name], (schema, random) => {
    expect(() => generate(schema, random, "schema")).toThrow(Refusal)
  })
})
