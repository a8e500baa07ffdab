import { readFileSync } from "node:fs"
import { Ajv2020 } from "ajv/dist/2020.js"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Refusal } from "../refusal.ts"
import { requireSchema } from "./well-formed.ts"

function refused(schema: unknown): string | undefined {
  try {
    requireSchema(schema, "schema")
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}

const keyword = fc.constantFrom(
  "type",
  "enum",
  "minimum",
  "multipleOf",
  "maxLength",
  "pattern",
  "format",
  "uniqueItems",
  "minProperties",
  "required",
  "dependentRequired",
  "prefixItems",
  "items",
  "contains",
  "properties",
  "patternProperties",
  "additionalProperties",
  "$defs",
  "allOf",
  "oneOf",
  "not",
  "if",
  "x-unknown",
)
const argument = fc.oneof(
  fc.constantFrom<unknown>(
    "strng",
    "string",
    ["null", "string"],
    [],
    {},
    -1,
    0,
    1.5,
    2,
    true,
    null,
    "(",
    "^a$",
  ),
  fc.constantFrom<unknown>(["a", "b"], ["a", 1], { a: ["b"] }, { a: "b" }, [{ type: "strng" }], [{}, true]),
)
const { schema } = fc.letrec<{ schema: unknown }>((tie) => ({
  schema: fc.dictionary(
    keyword,
    fc.oneof(
      { maxDepth: 2 },
      argument,
      tie("schema"),
      fc.array(tie("schema"), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a", "("), tie("schema"), { maxKeys: 2 }),
    ),
    { maxKeys: 3 },
  ),
}))

const refs = new URL("../../node_modules/ajv/dist/refs/json-schema-2020-12/", import.meta.url)
const readRef = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, refs), "utf8"))

/** The specification's own schema, and the array form of `items`, which 2020-12 dropped and the mock accepts. */
function createOracle(): (schema: unknown) => boolean {
  const ajv = new Ajv2020({ meta: false, strict: false, validateFormats: false, logger: false })
  for (const name of ["core", "unevaluated", "validation", "meta-data", "format-annotation", "content"]) {
    ajv.addMetaSchema(readRef(`meta/${name}`), undefined, false)
  }
  const applicator = readRef("meta/applicator")
  applicator.properties.items = {
    anyOf: [applicator.properties.items, { type: "array", items: { $dynamicRef: "#meta" } }],
  }
  ajv.addMetaSchema(applicator, undefined, false)
  const { $id, ...schema } = readRef("schema")
  ajv.addMetaSchema({ $id, ...schema }, undefined, false)
  return (schema) => ajv.validate($id, schema)
}

test("what is a schema is what the specification's own schema accepts", () => {
  const accepts = createOracle()
  fc.assert(
    fc.property(schema, (schema) => {
      // Names that are patterns and patterns themselves are formats to the oracle, which it does not check.
      fc.pre(!JSON.stringify(schema).includes('"("'))
      expect(refused(schema) === undefined).toBe(accepts(schema))
    }),
    {
      numRuns: 500,
      examples: [
        [{ items: [], $defs: true }],
        [{ items: [true], $defs: [] }],
        [{ items: [{}, { type: "strng" }] }],
        [{ properties: { items: [] } }],
      ],
    },
  )
})

describe("says what is wrong, and where", () => {
  test.each([
    ["text", `has at '#' no schema, which is an object or a boolean`],
    [{ type: "strng" }, `has at '#/type' "strng", which is not a type, or a list of types`],
    [
      { properties: { a: { type: ["string", "nil"] } } },
      `has at '#/properties/a/type' ["string","nil"], which is not a type, or a list of types`,
    ],
    [{ items: { pattern: "(" } }, `has at '#/items/pattern' "(", which is not a regular expression`],
    [{ anyOf: [] }, "has at '#/anyOf' [], which is not a list of schemas with at least one"],
    [{ allOf: [{}, 1] }, "has at '#/allOf/1' no schema, which is an object or a boolean"],
    [{ required: true }, "has at '#/required' true, which is not a list of names"],
    [{ not: { $ref: "#/$defs/a" } }, "refers to '#/$defs/a', which is not there"],
    [{ $ref: "https://example.com/a" }, "refers to 'https://example.com/a', which is outside of it"],
    [{ $ref: 1 }, "has at '#/$ref' 1, which is not a string"],
  ])("%j", (schema, why) => {
    expect(refused(schema)).toBe(`The value of 'schema' is not a valid JSON Schema: it ${why}.`)
  })
})

test.each([
  ["a property that is called as a keyword", { properties: { type: { type: "string" }, pattern: {} } }],
  [
    "values that look like schemas",
    { enum: [{ type: "strng" }], const: { $ref: "#/x" }, default: { type: 1 } },
  ],
  ["a pattern that compiles without the flag u only", { pattern: "^[\\w-.]+\\_$" }],
  ["the array form of items", { items: [{ type: "string" }], additionalItems: false }],
  ["a schema that refers to itself", { properties: { a: { $ref: "#" } } }],
  ["unknown keywords and annotations", { title: 1, description: null, nullable: true, "x-a": { type: "b" } }],
])("takes %s", (_, schema) => {
  expect(refused(schema)).toBeUndefined()
})
