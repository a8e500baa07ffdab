import * as fc from "fast-check"
import { expect, test } from "vitest"
import { z } from "zod"
import { expectationOf } from "./expectation.ts"

const textOf = (schema: z.ZodType, value: unknown): string | undefined => {
  const [issue] = schema.safeParse(value).error?.issues ?? []
  return issue && expectationOf(issue)
}

test.each<[string, z.ZodType, unknown, string]>([
  ["a number that is none", z.coerce.number(), "abc", "expected a number"],
  ["a fraction", z.coerce.number().int(), 1.5, "expected a whole number"],
  ["nothing", z.string(), undefined, "expected a string"],
  ["a word for a flag", z.boolean(), "yes", "expected true or false"],
  ["an object for a list", z.array(z.string()), {}, "expected a list"],
  ["a list for an object", z.object({}), [], "expected an object"],
  ["a text for a record", z.record(z.string(), z.string()), "a", "expected an object"],
  ["a number that is too small", z.number().min(400), 200, "expected at least 400"],
  ["zero", z.number().positive(), 0, "expected more than 0"],
  ["a number that is too large", z.number().max(5), 6, "expected at most 5"],
  ["an empty text", z.string().min(1), "", "expected a string that is not empty"],
  ["a short text", z.string().min(3), "", "expected a string of at least 3 characters"],
  ["a long list", z.array(z.int()).max(1), [1, 2], "expected a list of at most 1 entry"],
  ["an empty list", z.array(z.int()).min(1), [], "expected a list that is not empty"],
  ["another name", z.enum(["a", "b", "c"]), "d", "expected a, b or c"],
  ["another literal", z.literal(1), 2, "expected 1"],
  ["unknown members", z.strictObject({}), { a: 1, b: 2 }, "unknown members 'a' and 'b'"],
  ["an unknown member", z.strictObject({}), { a: 1 }, "unknown member 'a'"],
  ["no date", z.iso.date(), "soon", "expected a date such as 2027-01-31"],
  ["no URL", z.url(), "x", "expected a URL"],
  ["another form", z.string().regex(/^a$/), "b", "expected a string of the form /^a$/"],
  ["no multiple", z.number().multipleOf(5), 6, "expected a multiple of 5"],
  ["neither", z.union([z.string(), z.array(z.string())]), 1, "expected a string or a list"],
  ["a message of its own", z.string().regex(/^a$/, "Expected an a"), "b", "Expected an a"],
])("what is expected instead of %s", (_, schema, value, says) => {
  expect(textOf(schema, value)).toBe(says)
})

test("no text is in the words of Zod, whatever is given", () => {
  const schema = z.strictObject({
    a: z.union([z.int().min(1), z.string().max(2), z.array(z.boolean())]),
    b: z.enum(["x", "y"]).optional(),
    c: z.record(z.string(), z.iso.date()),
    d: z.tuple([z.string(), z.number()]).optional(),
  })
  const values = fc.record(
    { a: fc.anything(), b: fc.anything(), c: fc.dictionary(fc.string(), fc.anything()), d: fc.anything() },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(values, fc.anything()), (value) => {
      for (const issue of schema.safeParse(value).error?.issues ?? [])
        expect(expectationOf(issue)).toMatch(/^(?:expected |unknown member)(?!.*(?:received|undefined))/)
    }),
  )
})
