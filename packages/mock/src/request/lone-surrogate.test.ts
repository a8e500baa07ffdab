import fc from "fast-check"
import { expect, test } from "vitest"
import { toFetch } from "../hosts/fetch.ts"
import { createMock } from "../mock.ts"
import { hasLoneSurrogate } from "./lone-surrogate.ts"

test("a JSON text has one when its value has one", () => {
  const escaped = (text: string) =>
    JSON.stringify(text).replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
  const units = fc
    .array(fc.constantFrom("a", "\\", "\\u", "ud83d", '"', "\ud83d", "\ude00", "\ud83d\ude00", "\n"))
    .map((parts) => parts.join(""))
  fc.assert(
    fc.property(units, (text) => {
      expect(hasLoneSurrogate(escaped(text))).toBe(/\p{Surrogate}/u.test(text))
    }),
    { numRuns: 1000 },
  )
})

test.each(["/chat/completions", "/responses", "/embeddings", "/moderations"])(
  "%s refuses it",
  async (path) => {
    const response = await toFetch(createMock())(
      new Request(`http://localhost/v1${path}`, {
        method: "POST",
        headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
        body: '{"model":"gpt-4o","input":"\\ud83d","messages":[{"role":"user","content":"\\ud83d"}]}',
      }),
    )
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { code: "invalid_json", message: expect.stringContaining("half of a surrogate pair") },
    })
  },
)
