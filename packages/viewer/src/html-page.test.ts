import fc from "fast-check"
import { expect, test } from "vitest"
import { escapeHtml, htmlPage, scriptJson } from "./html-page.ts"

const hostile = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom("</script>", "<!--", "\u2028", "\u202e", "\0", "\ud800", "##[", "##vso[", "::error::"),
  ),
})

test("a value in a script element is the same value, and cannot end the element", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: hostile }), (value) => {
      const json = scriptJson(value)
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(json).not.toMatch(/[<\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]|##/u)
    }),
  )
})

test("an escaped text has no markup", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!#\d+;)/)
    }),
  )
})

test("a page allows its own style and script, and no request", () => {
  const page = htmlPage({ title: "a < b", style: "b{}", script: "1", data: { a: "<" }, content: "<p>c</p>" })
  expect(page).toContain("<title>a &#60; b</title>")
  expect(page).toContain("default-src 'none'; style-src 'sha256-")
  expect(page).toContain('<script type="application/json" id="data">{"a":"\\u003c"}</script>')
})
