import { expect, test } from "vitest"
import { z } from "zod"
import { text } from "./text.ts"

test("characters are code points", () => {
  expect(text(2).safeParse("𝒶𝒷").success).toBe(true)
  expect(text(2).safeParse("𝒶𝒷𝒸").success).toBe(false)
  expect(text(2).safeParse("abc").error?.issues).toMatchObject([{ code: "too_big", maximum: 2 }])
})

test("the limit is emitted", () => {
  expect(z.toJSONSchema(text(2))).toMatchObject({ type: "string", maxLength: 2 })
})
