import * as fc from "fast-check"

/** A JSON Schema in a request. */
type JsonSchema = Record<string, unknown>

/** The parameters of a function about a city, in the form that strict functions require. */
export const cityParameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
} as const satisfies JsonSchema

/** A boolean answer, in the form that strict formats require. */
export const verdictSchema = {
  type: "object",
  properties: { answer: { type: "string", enum: ["yes", "no"] } },
  required: ["answer"],
  additionalProperties: false,
} as const satisfies JsonSchema

const names = ["city", "count", "is_open", "kind", "note", "unit_2"]

const scalars = fc.oneof(
  fc.constantFrom<JsonSchema>(
    { type: "string" },
    { type: "boolean" },
    { type: "integer" },
    { type: "number" },
    { type: ["string", "null"] },
    { type: "string", description: 'Ein „Wort", 一个字' },
  ),
  fc
    .uniqueArray(fc.constantFrom("red", "green", "blau", "青", "n/a"), { minLength: 1, maxLength: 3 })
    .map((values): JsonSchema => ({ type: "string", enum: values })),
)

/** `required` states for each of `names` whether the property is required. */
const objects = (
  properties: fc.Arbitrary<JsonSchema>,
  required: readonly fc.Arbitrary<boolean>[],
  closed: fc.Arbitrary<boolean>,
): fc.Arbitrary<JsonSchema> =>
  fc
    .record({
      properties: fc.dictionary(fc.constantFrom(...names), properties, { minKeys: 1, maxKeys: 3 }),
      required: fc.tuple(...required),
      closed,
    })
    .map((drawn) => ({
      type: "object",
      properties: drawn.properties,
      required: Object.keys(drawn.properties).filter((name) => drawn.required[names.indexOf(name)]),
      ...(drawn.closed && { additionalProperties: false }),
    }))

function nested(required: fc.Arbitrary<boolean>, closed: fc.Arbitrary<boolean>): fc.Arbitrary<JsonSchema> {
  const each = names.map(() => required)
  const inner = fc.oneof(
    { arbitrary: scalars, weight: 4 },
    { arbitrary: scalars.map((items): JsonSchema => ({ type: "array", items })), weight: 1 },
    { arbitrary: objects(scalars, each, closed), weight: 1 },
  )
  return objects(inner, each, closed)
}

/** Small object schemas like the parameters of tools: some properties are required, some are not. */
export const parameterSchemas = nested(fc.boolean(), fc.boolean())

/**
 * Small object schemas of the subset for strict output: every property is required, and no others are allowed.
 * Source: OpenAI, Structured Outputs guide, "Supported schemas".
 */
export const strictSchemas = nested(fc.constant(true), fc.constant(true))
