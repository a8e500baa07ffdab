import * as fc from "fast-check"
import { expect, test } from "vitest"
import { canonicalJson, differences } from "./difference.ts"

const json = fc.jsonValue({ maxDepth: 4 })

test("a value does not differ from itself, in whatever order its members are", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(differences(value, reversed(value), 100)).toEqual([])
    }),
  )
})

test("values differ exactly when their canonical texts do", () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      expect(differences(a, b, 1).length === 0).toBe(canonicalJson(a) === canonicalJson(b))
    }),
  )
})

test("every pointer leads to the expected value in the one and to the actual in the other", () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      for (const difference of differences(a, b, 20)) {
        expect(at(a, difference.pointer)).toEqual(
          "expected" in difference ? { value: difference.expected } : undefined,
        )
        expect(at(b, difference.pointer)).toEqual(
          "actual" in difference ? { value: difference.actual } : undefined,
        )
      }
    }),
  )
})

test("there are at most as many as asked for", () => {
  expect(differences([1, 2, 3], [4, 5, 6], 2)).toEqual([
    { pointer: "/0", expected: 1, actual: 4 },
    { pointer: "/1", expected: 2, actual: 5 },
  ])
})

test("names are escaped as RFC 6901 asks", () => {
  expect(differences({ "a/b~c": 1 }, {}, 9)).toEqual([{ pointer: "/a~1b~0c", expected: 1 }])
})

/** The same value with the members of its objects in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, reversed(member)] as const)
      .reverse(),
  )
}

/** What stands at a pointer; undefined when nothing does. */
function at(value: unknown, pointer: string): { value: unknown } | undefined {
  let current = value
  for (const segment of pointer.split("/").slice(1)) {
    const name = segment.replaceAll("~1", "/").replaceAll("~0", "~")
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, name)) return undefined
    current = Reflect.get(current, name)
  }
  return { value: current }
}
