import * as fc from "fast-check"

/** A JSON Schema, as a request carries it. */
type JsonSchema = Record<string, unknown>

/** What a function that tells of a city takes, as strict functions have to say it. */
export const cityParameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
} as const satisfies JsonSchema

/** A yes or a no, as strict formats have to say it. */
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

/** `required` says by its place in `names` whether a property is required. */
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

/** Small object schemas such as tools take for their parameters: some properties required, some not. */
export const parameterSchemas = nested(fc.boolean(), fc.boolean())

/**
 * Small object schemas of the subset that strict output takes: every property required, no others allowed.
 * Source: OpenAI, Structured Outputs guide, "Supported schemas".
 */
export const strictSchemas = nested(fc.constant(true), fc.constant(true))
