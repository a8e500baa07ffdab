import fc from "fast-check"
import { expect, test } from "vitest"
import { Refusal } from "../refusal.ts"
import { requireBase64, requireDataUrl } from "./check-base64.ts"

const takes = (check: (text: string, param: string) => void, text: string): boolean => {
  try {
    check(text, "messages[0].content[0].file.file_data")
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal)
    expect(error).toMatchObject({ status: 400, param: "messages[0].content[0].file.file_data" })
    return false
  }
}

test("what encodes bytes is base64, padded or not, in lines or in one", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 76 }), (bytes, width) => {
      const text = Buffer.from(bytes).toString("base64")
      const wrapped = text.replace(new RegExp(`.{${width}}`, "g"), "$&\r\n")
      for (const form of [text, text.replace(/=+$/, ""), wrapped]) {
        expect(takes(requireBase64, form)).toBe(true)
        expect(takes(requireDataUrl, `data:image/png;base64,${form}`)).toBe(true)
      }
    }),
  )
})

test("what is taken encodes the bytes that it decodes to", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("A", "Q", "g", "=", "-", "%", "é", "!") }), (text) => {
      const again = Buffer.from(text, "base64").toString("base64").length
      if (takes(requireBase64, text)) expect(again).toBe(4 * Math.ceil(text.length / 4))
    }),
  )
})

test.each(["not base64!", "AAAAA", "=", "AA=A", "AAAA=", "A===", "_-_-", "%41", "data:,"])(
  "%j is no base64",
  (text) => {
    expect(takes(requireBase64, text)).toBe(false)
    expect(takes(requireDataUrl, `data:image/png;base64,${text}`)).toBe(false)
  },
)

test.each([
  ["https://example.com/a.png", true],
  ["anything else", true],
  ["data:,hello%20there", true],
  ["data:text/plain;charset=utf-8,hello", true],
  ["DATA:image/png;BASE64,AAAA", true],
  ["data:image/png;base64", false],
])("%j as a URL: %s", (url, taken) => {
  expect(takes(requireDataUrl, url)).toBe(taken)
})

test("a long text is read in time linear in it", () => {
  const text = `${"A".repeat(4_000_000)}!`
  expect(takes(requireBase64, text)).toBe(false)
  expect(takes(requireBase64, `${" ".repeat(200_000)}!`)).toBe(false)
})
