import { type ModerationRequest, ModerationResponse, type ProfileName } from "@nexhina/schemas"
import fc from "fast-check"
import { expect, test } from "vitest"
import { againstDocument } from "../../test/against-document.ts"
import { toFetch } from "../hosts/fetch.ts"
import { createMock } from "../mock.ts"

async function moderate(input: ModerationRequest["input"], profile: ProfileName = "openai") {
  const reply = await toFetch(againstDocument(createMock({ profile })))(
    new Request("http://localhost/v1/moderations", {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
      body: JSON.stringify({ input }),
    }),
  )
  expect(reply.status).toBe(200)
  return ModerationResponse.parse(await reply.json()).results
}

const texts = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "Good day", "I want to hurt someone.", "You idiot, I hate you"),
)
const parts = fc.oneof(
  texts.map((text) => ({ type: "text" as const, text })),
  fc.webUrl().map((url) => ({ type: "image_url" as const, image_url: { url } })),
)
const inputs = fc.oneof(
  texts,
  fc.array(texts, { minLength: 1, maxLength: 4 }),
  fc.array(parts, { minLength: 1, maxLength: 4 }),
)

test("verdicts, scores and flags agree, in one result for each text or for all parts", async () => {
  await fc.assert(
    fc.asyncProperty(inputs, fc.constantFrom("nexhina", "openai"), async (input, profile) => {
      const results = await moderate(input, profile)
      const several = Array.isArray(input) && typeof input[0] === "string"
      expect(results).toHaveLength(several ? input.length : 1)
      for (const { flagged, categories, category_scores } of results) {
        expect(Object.keys(category_scores)).toEqual(Object.keys(categories))
        for (const [category, score] of Object.entries(category_scores)) {
          expect(categories[category]).toBe(score >= 0.5)
        }
        expect(flagged).toBe(Object.values(categories).includes(true))
      }
    }),
  )
})

test("a text is judged the same alone, beside others and as a part", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 4 }), async (list) => {
      const results = await moderate(list)
      for (const [index, text] of list.entries()) {
        expect([results[index]]).toEqual(await moderate(text))
        expect([results[index]]).toEqual(await moderate([{ type: "text", text }]))
      }
    }),
    { numRuns: 30 },
  )
})

test("under OpenAI's profile each category says by what it was judged", async () => {
  const text = { type: "text", text: "Good day" } as const
  const image = { type: "image_url", image_url: { url: "https://example.com/cat.png" } } as const
  const types = async (input: ModerationRequest["input"]) => {
    const [result] = await moderate(input)
    const { violence, hate } = result?.category_applied_input_types ?? {}
    return { violence, hate }
  }
  expect(await types("Good day")).toEqual({ violence: ["text"], hate: ["text"] })
  expect(await types([image])).toEqual({ violence: ["image"], hate: [] })
  expect(await types([image, text])).toEqual({ violence: ["text", "image"], hate: ["text"] })
  const [result] = await moderate("Good day", "nexhina")
  expect(result).not.toHaveProperty("category_applied_input_types")
})

test("another image has other scores", async () => {
  const scores = async (name: string) => {
    const image = { type: "image_url", image_url: { url: `https://example.com/${name}.png` } } as const
    return (await moderate([image]))[0]?.category_scores
  }
  expect(await scores("cat")).toEqual(await scores("cat"))
  expect(await scores("dog")).not.toEqual(await scores("cat"))
})
