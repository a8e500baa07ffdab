import { isIP } from "node:net"
import { Ajv2020 } from "ajv/dist/2020.js"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { digest, random } from "../content/random.ts"
import { Refusal } from "../refusal.ts"
import { accepts } from "./accepts.ts"
import { generate } from "./generate.ts"

/** How texts of the formats look. Source: RFC 3339, 5321, 1123, 4122, 3986, ISO 8601. */
const formatForms: Readonly<Record<string, RegExp | ((text: string) => boolean)>> = {
  "date-time": (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && exists(text),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && exists(`${text}T00:00:00Z`),
  time: /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$/,
  duration: /^P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/,
  email: /^[a-z0-9]{1,64}@([a-z0-9]{1,63}\.)+[a-z]{2,}$/,
  hostname: /^(?=.{1,253}$)([a-z0-9]{1,63}\.)*[a-z0-9]{1,63}$/,
  ipv4: (text) => isIP(text) === 4,
  ipv6: (text) => isIP(text) === 6,
  uri: (text) => URL.canParse(text),
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
}
/** Which have a text of some lengths only. */
const fixedLengths = ["date", "uuid", "ipv4", "time"]

const exists = (time: string) => {
  const seconds = time.replace(/\.\d+Z$/, "Z")
  return new Date(seconds).toISOString().replace(".000", "") === seconds
}

const isOf = (format: string) => (text: unknown) => {
  const form = formatForms[format]
  return form instanceof RegExp ? form.test(String(text)) : form?.(String(text)) === true
}

/** Formats are annotations to it, as the specification has them by default. One: it compiles the meta-schema first. */
const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false })

/** The oracle. */
function isValid(schema: object, value: unknown): boolean {
  try {
    return ajv.validate(schema, value)
  } catch (error) {
    // From some schemas Ajv makes code that does not run ("props0 is not defined"): they show nothing.
    if (error instanceof ReferenceError) fc.pre(false)
    throw error
  } finally {
    ajv.removeSchema(schema)
  }
}

const generated = (schema: unknown, seed = ""): unknown => generate(schema, random(digest(seed)), "schema")

const small = fc.integer({ min: 0, max: 4 })
const member = fc.constantFrom("a", "b", "c", "d")
const scalar = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.integer({ min: -9, max: 9 }),
  fc.boolean(),
  fc.constant(null),
)
const some = <T extends object>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc.record(model, { requiredKeys: [] })

/** Schemas as tools have them, and some that contradict themselves. */
const { schema } = fc.letrec<
  Record<
    "schema" | "string" | "number" | "choice" | "array" | "tuple" | "containing" | "object" | "combined",
    object
  >
>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom({}, { type: "null" }, { type: "boolean" }),
    tie("string"),
    tie("number"),
    tie("choice"),
    tie("array"),
    tie("tuple"),
    tie("containing"),
    tie("object"),
    tie("combined"),
  ),
  string: some({
    type: fc.constant("string"),
    minLength: small,
    maxLength: fc.integer({ min: 3, max: 40 }),
    pattern: fc.constantFrom("^[a-z]+$", "^\\d{3}-\\d{3}$", "x"),
    format: fc.constantFrom("email", "date-time", "uuid", "uri", "unheard-of"),
  }),
  number: some({
    type: fc.constantFrom("number", "integer", ["integer", "null"], ["number", "string"]),
    minimum: fc.integer({ min: -50, max: 50 }),
    maximum: fc.integer({ min: 40, max: 400 }),
    exclusiveMinimum: fc.double({ min: -1e6, max: 0, noNaN: true }),
    exclusiveMaximum: fc.double({ min: 51, max: 1e9, noNaN: true }),
    multipleOf: fc.constantFrom(1, 2, 7, 0.1, 0.5, 0.01),
  }),
  choice: fc.oneof(
    fc.record({ enum: fc.array(scalar, { minLength: 1 }) }),
    fc.record({ const: scalar }),
    fc.record({ type: fc.constant("string"), enum: fc.array(scalar, { minLength: 1 }) }),
  ),
  // In three kinds: Ajv judges `prefixItems` wrongly when `uniqueItems` or `contains` stands beside it.
  array: some({
    type: fc.constant("array"),
    items: fc.oneof(tie("schema"), fc.boolean()),
    minItems: small,
    maxItems: fc.integer({ min: 2, max: 6 }),
    uniqueItems: fc.boolean(),
  }),
  tuple: some({
    type: fc.constant("array"),
    prefixItems: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
    items: fc.oneof(tie("schema"), fc.boolean()),
    minItems: small,
    maxItems: fc.integer({ min: 2, max: 6 }),
  }),
  containing: fc.record({
    type: fc.constant("array"),
    items: tie("schema"),
    contains: tie("schema"),
    minContains: small,
    minItems: small,
  }),
  object: some({
    type: fc.constant("object"),
    properties: fc.dictionary(member, tie("schema"), { maxKeys: 3 }),
    required: fc.uniqueArray(member, { maxLength: 2 }),
    additionalProperties: fc.oneof(fc.boolean(), tie("schema")),
    propertyNames: fc.constantFrom({ maxLength: 8 }, { pattern: "^[a-z]" }),
    patternProperties: fc.dictionary(fc.constantFrom("^x-", "^[ab]$"), tie("schema"), { maxKeys: 1 }),
    minProperties: small,
    maxProperties: fc.integer({ min: 2, max: 5 }),
    dependentRequired: fc.dictionary(member, fc.uniqueArray(member, { maxLength: 1 }), { maxKeys: 1 }),
  }),
  combined: some({
    anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }),
    oneOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }),
    allOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
    not: tie("schema"),
    if: tie("schema"),
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: tie("schema"),
    else: tie("schema"),
  }),
}))

/** Makes a value, or says that it cannot. */
function attempt(schema: object, seed: string): { readonly value: unknown } | undefined {
  try {
    return { value: generated(schema, seed) }
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal)
    return undefined
  }
}

test("what is generated satisfies the schema, or nothing is", () => {
  let made = 0
  let refused = 0
  fc.assert(
    fc.property(schema, fc.string(), (schema, seed) => {
      const attempted = attempt(schema, seed)
      if (!attempted) {
        refused++
        return
      }
      made++
      expect(isValid(schema, attempted.value)).toBe(true)
    }),
    { numRuns: 300 },
  )
  // Schemas drawn at random contradict themselves in about three of ten cases.
  expect(refused / (made + refused)).toBeLessThan(0.45)
})

/** Schemas that allow a value, in all the forms that structured outputs take. Source: OpenAI, Structured Outputs guide. */
const { strict } = fc.letrec<Record<"strict" | "text" | "amount" | "list" | "record" | "either", object>>(
  (tie) => ({
    strict: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom(
        { type: "null" },
        { type: "boolean" },
        { type: ["string", "null"] },
        { const: "only" },
        { enum: ["a", 1, null] },
        { $ref: "#/$defs/node" },
        { $ref: "#/$defs/list" },
        { type: "boolean", not: { const: true } },
        { type: "string", not: { enum: ["amber", "birch", "cedar", "delta", "ember"] } },
      ),
      tie("text"),
      tie("amount"),
      tie("list"),
      tie("record"),
      tie("either"),
    ),
    text: fc.oneof(
      fc.record({
        type: fc.constant("string"),
        format: fc.constantFrom(...Object.keys(formatForms)),
        maxLength: fc.constantFrom(40, 60),
      }),
      fc.record({
        type: fc.constant("string"),
        pattern: fc.constantFrom("^@[a-zA-Z0-9_]+$", "^[A-Z]{2}\\d{4}$", "b$"),
      }),
      fc
        .tuple(fc.nat(30), fc.nat(30))
        .map(([a, b]) => ({ type: "string", minLength: Math.min(a, b), maxLength: Math.max(a, b) })),
    ),
    amount: fc
      .record({
        type: fc.constantFrom("integer", "number"),
        from: fc.integer({ min: -1000, max: 1000 }),
        width: fc.integer({ min: 2, max: 300 }),
        step: fc.constantFrom(undefined, 1, 2, 0.5),
        open: fc.boolean(),
      })
      .map(({ type, from, width, step, open }) => ({
        type,
        ...(open
          ? { exclusiveMinimum: from - 1, exclusiveMaximum: from + width + 1 }
          : { minimum: from, maximum: from + width }),
        ...(step !== undefined && { multipleOf: step }),
      })),
    list: fc
      .tuple(tie("strict"), fc.nat(3), fc.nat(3))
      .map(([items, a, b]) => ({ type: "array", items, minItems: Math.min(a, b), maxItems: Math.max(a, b) })),
    record: fc.dictionary(member, tie("strict"), { maxKeys: 3 }).map((properties) => ({
      type: "object",
      properties,
      required: Object.keys(properties),
      additionalProperties: false,
    })),
    either: fc.record({ anyOf: fc.array(tie("strict"), { minLength: 1, maxLength: 3 }) }),
  }),
)
const strictRoot = strict.map((inner) => ({
  type: "object",
  properties: { inner },
  required: ["inner"],
  additionalProperties: false,
  $defs: {
    node: {
      type: "object",
      properties: { name: { type: "string" }, next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } },
      required: ["name", "next"],
      additionalProperties: false,
    },
    list: { type: "array", items: { $ref: "#/$defs/list" } },
  },
}))

test("every schema of the forms that structured outputs take is met", () => {
  fc.assert(
    fc.property(strictRoot, fc.string(), (schema, seed) => {
      const value = generated(schema, seed)
      expect(isValid(schema, value), JSON.stringify(value)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

/** Without numbers from 1e21 on, by whose text Ajv tells whether they are multiples. */
const anyValue = fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes("e+"))

test("own judgement agrees with Ajv's", () => {
  fc.assert(
    fc.property(schema, anyValue, schema, (schema, any, other) => {
      const values = [any, attempt(schema, "")?.value, attempt(other, "")?.value].filter(
        (value) => value !== undefined,
      )
      for (const value of values) expect(accepts(schema, value, schema)).toBe(isValid(schema, value))
    }),
    { numRuns: 300 },
  )
})

test("the same seed makes the same value", () => {
  fc.assert(
    fc.property(schema, fc.string(), (schema, seed) => {
      expect(attempt(schema, seed)).toEqual(attempt(schema, seed))
    }),
  )
})

const tree = {
  type: "object",
  properties: {
    value: { type: "number" },
    left: { anyOf: [{ $ref: "#" }, { type: "null" }] },
    right: { anyOf: [{ $ref: "#" }, { type: "null" }] },
  },
  required: ["value", "left", "right"],
  additionalProperties: false,
}
const expression = {
  $ref: "#/$defs/expression",
  $defs: {
    expression: { oneOf: [{ $ref: "#/$defs/sum" }, { $ref: "#/$defs/number" }] },
    sum: {
      type: "object",
      properties: {
        op: { const: "sum" },
        terms: { type: "array", items: { $ref: "#/$defs/expression" }, minItems: 2 },
      },
      required: ["op", "terms"],
    },
    number: {
      type: "object",
      properties: { op: { const: "number" }, value: { type: "integer" } },
      required: ["op", "value"],
    },
  },
}
const ofZod = {
  type: "object",
  properties: {
    tags: { type: "object", propertyNames: { type: "string" }, additionalProperties: { type: "string" } },
    when: { type: "string", format: "date-time" },
    pair: {
      type: "array",
      prefixItems: [{ type: "string" }, { type: "integer" }],
      minItems: 2,
      items: false,
    },
    kind: {
      anyOf: [
        { type: "string", const: "a" },
        { type: "string", const: "b" },
      ],
    },
  },
  required: ["tags", "when", "pair", "kind"],
  additionalProperties: false,
}

test("a number is whole unless the schema excludes it", () => {
  const numbers = (schema: object) =>
    Array.from({ length: 50 }, (_, seed) =>
      generated({ type: "array", items: schema, minItems: 2 }, String(seed)),
    ).flat()
  const isWhole = (value: unknown) => Number.isInteger(value)
  for (const schema of [{}, { minimum: 0.5 }, { maximum: -0.5 }, { exclusiveMinimum: 3, maximum: 9.5 }]) {
    expect(numbers({ type: "number", ...schema }).every(isWhole)).toBe(true)
  }
  for (const schema of [
    { exclusiveMinimum: 0, exclusiveMaximum: 1 },
    { multipleOf: 0.25 },
    { not: { type: "integer" } },
  ]) {
    expect(numbers({ type: "number", ...schema }).every(isWhole)).toBe(false)
  }
})

describe("schemas as they are met", () => {
  test.each([
    ["a tree", tree],
    ["an expression", expression],
    ["what Zod emits", ofZod],
    [
      "a list of itself",
      {
        type: "object",
        properties: { children: { type: "array", items: { $ref: "#" }, minItems: 0 } },
        required: ["children"],
      },
    ],
    [
      "allOf that closes in",
      { allOf: [{ type: "number", minimum: 3 }, { type: "integer", maximum: 4 }, { not: { const: 3 } }] },
    ],
    ["exactly one", { oneOf: [{ type: "number" }, { type: "integer" }] }],
    ["a narrow window", { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1e-9 }],
    ["a far integer", { type: "integer", minimum: 1e12, multipleOf: 7 }],
    ["a long text", { type: "string", minLength: 5000, maxLength: 5000 }],
    [
      "unique items",
      { type: "array", items: { type: "integer", minimum: 1, maximum: 5 }, minItems: 5, uniqueItems: true },
    ],
    ...[
      ["an enum", { enum: Array.from({ length: 40 }, (_, at) => `v${at}`) }, 40],
      ["a range", { type: "integer", minimum: -20, maximum: 20 }, 41],
      ["booleans", { type: "boolean" }, 2],
      ["booleans or null", { type: ["boolean", "null"] }, 3],
    ].map(([name, items, minItems]): [string, object] => [
      `as many unique items as ${name} has`,
      { type: "array", items, minItems, uniqueItems: true },
    ]),
    [
      "a member called __proto__",
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}'),
    ],
    ["a pointer with escapes", { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": { const: 1 } } }],
    [
      "a condition",
      {
        type: "object",
        properties: { a: { enum: [1, 2] } },
        required: ["a"],
        if: { properties: { a: { const: 1 } } },
        else: { required: ["b"] },
        [["th", "en"].join("")]: { required: ["c"] },
      },
    ],
  ])("%s", (_, schema) => {
    for (let seed = 0; seed < 20; seed++) {
      const value = generated(schema, String(seed))
      expect(isValid(schema, value), JSON.stringify(value)).toBe(true)
    }
  })

  test("items in the array form of draft 7", () => {
    const schema = {
      type: "array",
      items: [{ type: "string" }, { type: "integer" }],
      additionalItems: false,
      minItems: 2,
    }
    expect(generated(schema)).toEqual([expect.any(String), expect.any(Number)])
  })

  test.each(Object.keys(formatForms))("the format %s, of any length that it can have", (format) => {
    for (let seed = 0; seed < 20; seed++) {
      expect(generated({ type: "string", format }, String(seed))).toSatisfy(isOf(format))
      for (const limits of [{ minLength: 12 }, { maxLength: 20 }, { minLength: 13, maxLength: 40 }]) {
        const schema = { type: "string", format, ...limits }
        const text = generated(schema, String(seed))
        expect(accepts(schema, text, schema)).toBe(true)
        if (!fixedLengths.includes(format)) expect(text).toSatisfy(isOf(format))
      }
    }
  })

  test.each([
    ["email", "^[a-z]+@example\\.com$"],
    [
      "email",
      "^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-\\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$",
    ],
    ["hostname", "^(?=.{1,253}\\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9]+)*\\.?$"],
    ["duration", "^P(?:(\\d+W)|(?!.*W)(?=\\d|T\\d)(\\d+Y)?(\\d+M)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?)?)$"],
    ["date", "-0[1-6]-"],
  ])("the format %s beside the pattern %s", (format, pattern) => {
    for (let seed = 0; seed < 20; seed++) {
      const text = generated({ type: "string", format, pattern }, String(seed))
      expect(text).toMatch(new RegExp(pattern, "u"))
      expect(text).toSatisfy(isOf(format))
    }
  })

  test("a pattern rules over a format of which no text matches it", () => {
    expect(generated({ type: "string", format: "date", pattern: "^once$" })).toBe("once")
  })
})

test.each([
  ["false", false, "it allows no value that could be found"],
  ["a contradiction", { type: "string", enum: [1] }, "it allows no value that could be found"],
  [
    "a reference out",
    { $ref: "https://example.com/s.json" },
    "it refers to 'https://example.com/s.json', which is outside of it",
  ],
  ["a reference to nothing", { $ref: "#/$defs/x" }, "it refers to '#/$defs/x', which is not there"],
  [
    "a reference to itself",
    { $ref: "#" },
    "it has references or combinations that are nested too deep, or that have no end",
  ],
  [
    "a recursion that cannot end",
    { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] },
    "it allows no value that could be found",
  ],
  ["a huge array", { type: "array", minItems: 1e9 }, "it is too large, or has no end"],
  [
    "a huge text",
    { type: "string", minLength: 1e9 },
    "it asks for a text of 1000000000 characters, 10000 at most",
  ],
  [
    "a huge tree",
    {
      type: "array",
      minItems: 20,
      items: {
        type: "array",
        minItems: 20,
        items: { type: "array", minItems: 20, items: { type: "array", minItems: 20 } },
      },
    },
    "it is too large, or has no end",
  ],
  [
    "a back reference",
    { type: "object", properties: { a: { type: "string", pattern: "(a)\\1" } }, required: ["a"] },
    "the pattern '(a)\\1' has '\\1'",
  ],
])("refuses %s", (_, schema, why) => {
  expect(() => generated(schema)).toThrow(Refusal)
  expect(() => generated(schema)).toThrow(`The mock cannot make a value for the schema at 'schema': ${why}.`)
})

describe("schemas that would take for ever, or all of the stack, are refused or met at once", () => {
  const many = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item)
  test.each([
    ["groups within groups", { pattern: "(".repeat(1e6) }],
    ["a million alternatives", { pattern: many(1e6, "a").join("|") }],
    ["quantified groups within each other", { pattern: "^(((a*)*)*b)*$", minLength: 9000 }],
    ["a hundred thousand schemas at once", { allOf: many(1e5, { type: "object" }) }],
    ["a hundred thousand values of another type", { type: "string", enum: [...Array(1e5).keys()] }],
    [
      "ways that multiply, to nothing",
      { allOf: [...many(20, { anyOf: many(10, true) }), { anyOf: [false] }] },
    ],
    [
      "ways that multiply, to a contradiction",
      { allOf: many(20, { anyOf: many(10, { minimum: 5 }) }), maximum: 1, type: "number" },
    ],
    [
      "a recursion that doubles",
      { $ref: "#/$defs/a", $defs: { a: { allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/a" }] } } },
    ],
    [
      "long texts by the thousand",
      { type: "array", minItems: 2000, items: { type: "string", minLength: 10_000 } },
    ],
    [
      "schemas five hundred deep",
      many(500, 0).reduce<object>((inner) => ({ allOf: [inner] }), { type: "null" }),
    ],
  ])("%s", (_, schema) => {
    const attempted = attempt(schema, "")
    if (attempted) expect(accepts(schema, attempted.value, schema)).toBe(true)
  })
})
