import * as exported from "@nexhina/schemas"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import { arbitraryOf } from "./arbitrary.ts"
import { draw } from "./draw.ts"

const ofContent = (content: exported.Content): z.ZodType[] => {
  if (content.kind === "json") return [content.schema]
  return content.kind === "stream" ? [content.item] : []
}

const endpoints = Object.values<exported.Endpoint>(exported.endpoints)

/** Multipart requests hold files, which are no JSON. */
const multipart = new Set(
  endpoints.flatMap(({ request }) => (request?.mediaType === "multipart/form-data" ? [request.schema] : [])),
)

/** Every schema of JSON that the package exports, and those that only the endpoints hold. */
const schemas: [string, z.ZodType][] = [
  ...Object.entries(exported).flatMap(([name, value]): [string, z.ZodType][] =>
    value instanceof z.ZodType ? [[name, value]] : [],
  ),
  ...endpoints.flatMap(({ operationId, request, success }) =>
    [...(request ? [request.schema] : []), ...Object.values(success.content).flatMap(ofContent)].map(
      (schema): [string, z.ZodType] => [`a body of ${operationId}`, schema],
    ),
  ),
].filter(([, schema]) => !multipart.has(schema))

describe.each(schemas)("%s", (_name, schema) => {
  const values = arbitraryOf(schema)

  test("accepts every generated value, also after its way over the wire", () => {
    fc.assert(
      fc.property(values, (value) => {
        const sent: unknown = JSON.parse(JSON.stringify(value))
        expect(sent).toStrictEqual(value)
        expect(schema.safeParse(value)).toEqual({ success: true, data: value })
      }),
      { seed: 1, numRuns: 100 },
    )
  })

  test("shrinks to an end through accepted values only", () => {
    for (const drawn of draw(values, 2, 5)) {
      let current = drawn
      for (let step = 0; step < 1000; step++) {
        const [smaller] = current.shrink()
        if (!smaller) break
        expect(schema.safeParse(smaller.value).success).toBe(true)
        current = smaller
      }
      expect([...current.shrink()]).toEqual([])
    }
  })
})

const sampleOf = <S extends z.ZodType>(schema: S) =>
  draw(arbitraryOf(schema), 3, 200).map(({ value }) => value)

test("an object has each of its optional members in some values and lacks it in others", () => {
  const { ChatCompletionRequest } = exported
  const members = Object.keys(ChatCompletionRequest.shape)
  const sample = sampleOf(ChatCompletionRequest)
  const lacking = members.filter((name) => sample.some((value) => !(name in value)))
  expect(lacking).toEqual(members.filter((name) => name !== "model" && name !== "messages"))
  expect(members.filter((name) => !sample.some((value) => name in value))).toEqual([])
})

test("a discriminated union shows every listed kind, and kinds that are not listed", () => {
  const listed = ["text", "image_url", "input_audio", "file", "refusal"]
  const shown = new Set<string>(sampleOf(exported.ContentPart).map(({ type }) => type))
  expect(listed.filter((type) => !shown.has(type))).toEqual([])
  expect(shown.size).toBeGreaterThan(listed.length)
})

test.each([
  ["an integer between bounds", z.int().min(3).max(5), [3, 4, 5]],
  ["an integer between excluded bounds", z.number().int().gt(3).lt(5), [4]],
  ["a multiple", z.number().gt(0).max(0.3).multipleOf(0.1), [0.1, 0.2, 0.3]],
  ["a literal of several values", z.literal([null, "a", 1]), [null, "a", 1]],
  ["a string of exact length", z.string().length(0), [""]],
  ["a pattern", z.string().regex(/^[ab]$/), ["a", "b"]],
  [
    "a pattern and a length",
    z
      .string()
      .regex(/^a{1,3}$/)
      .min(2),
    ["aa", "aaa"],
  ],
  ["a tuple", z.tuple([z.literal(1), z.literal(2)]), [[1, 2]]],
  ["an array of exact length", z.array(z.null()).length(2), [[null, null]]],
  ["an object with a forbidden member", z.object({ a: z.never().optional() }), [{}]],
  ["a strict object", z.strictObject({ a: z.null().optional() }), [{}, { a: null }]],
])("%s takes each of its values and no other", (_name, schema, values) => {
  const distinct = new Set(sampleOf(schema).map((value) => JSON.stringify(value)))
  expect(distinct).toEqual(new Set(values.map((value) => JSON.stringify(value))))
})

test("a recursive schema nests, and ends", () => {
  const Tree = z.looseObject({
    get branches() {
      return z
        .lazy(() => Tree)
        .array()
        .min(1)
        .optional()
    },
  })
  const depth = ({ branches }: z.infer<typeof Tree>): number =>
    branches ? 1 + Math.max(...branches.map(depth)) : 0
  expect(new Set(sampleOf(Tree).map(depth))).toEqual(new Set([0, 1, 2]))
})

test("a schema that always holds itself is refused", () => {
  const Endless = z.object({
    get next() {
      return Endless
    },
  })
  expect(() => arbitraryOf(Endless)).toThrow("or none that does not hold one of its own kind")
})

test.each([
  ["a transform", z.string().transform(Number), 'a value of Zod\'s kind "pipe"'],
  ["a refinement without words", z.string().refine((text) => text === ""), "a value with the check custom"],
  ["a format without a pattern", z.url(), "a string of format url"],
  ["an exclusive union", z.xor([z.string(), z.number()]), "a value of exactly one option"],
  ["a record of listed keys", z.record(z.enum(["a"]), z.null()), 'a record with keys of Zod\'s kind "enum"'],
])("%s is refused by kind and place", (_name, odd, kind) => {
  expect(() => arbitraryOf(z.object({ list: z.array(z.object({ odd })) }))).toThrow(
    `arbitraryOf cannot make ${kind} (at list[].odd): teach it this kind of schema`,
  )
})
