import fc from "fast-check"
import { expect, test } from "vitest"
import { toFetch } from "../hosts/fetch.ts"
import { createMock } from "../mock.ts"
import { withoutLoneSurrogates } from "./lone-surrogate.ts"

test("half of a character becomes the replacement character, and nothing else changes", () => {
  const escaped = (text: string) =>
    JSON.stringify(text).replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
  const texts = fc
    .array(fc.constantFrom("a", "\\", "\\u", "ud83d", '"', "\ud83d", "\ude00", "\ud83d\ude00", "\n"))
    .map((parts) => parts.join(""))
  fc.assert(
    fc.property(texts, (text) => {
      const read: unknown = withoutLoneSurrogates(JSON.parse(escaped(text)))
      expect(read).toBe(text.replace(/\p{Surrogate}/gu, "\ufffd"))
    }),
    { numRuns: 1000 },
  )
})

test.each([
  ["/chat/completions", false],
  ["/chat/completions", true],
  ["/responses", false],
  ["/responses", true],
] as const)("%s quotes none, streamed: %s", async (path, stream) => {
  const response = await toFetch(createMock())(
    new Request(`http://localhost/v1${path}`, {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
      body: `{"model":"gpt-4o","stream":${stream},"input":"\\ud83d!","messages":[{"role":"user","content":"\\ud83d!"}]}`,
    }),
  )
  expect(response.status).toBe(200)
  const text = await response.text()
  expect(text).toContain("\ufffd")
  expect(text).not.toMatch(/\\ud83d/i)
})
