import { expect, expectTypeOf, test } from "vitest"
import { catalogue, modelIds } from "./catalogue.ts"

test("no id is there twice", () => {
  const ids = catalogue.map(({ id }) => id)
  expect(ids).toEqual([...new Set(ids)])
})

test("the ids of a kind, in order, typed", () => {
  const ids = modelIds("video")
  expect(ids).toEqual(["veo-2", "sora"])
  expectTypeOf(ids).toEqualTypeOf<["veo-2" | "sora", ...("veo-2" | "sora")[]]>()
})
