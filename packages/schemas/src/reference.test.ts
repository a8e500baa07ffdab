import { Ajv2020 } from "ajv/dist/2020.js"
import { describe, expect, test } from "vitest"
import { emitted } from "./emitted.ts"

/*
 * The documents are reference material: a reader finds a sentence at every element, and a generator finds a name for
 * every type and examples that are valid. Failures list JSON pointers into `openapi/openapi.json`.
 */

interface Element {
  readonly pointer: string
  readonly value: Readonly<Record<string, unknown>>
}

const documents = Object.entries(emitted()).flatMap(([name, text]) =>
  name.endsWith(".json") ? [{ name, document: JSON.parse(text) as unknown }] : [],
)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Yields every object of a document with its JSON pointer, except the values of examples. */
function* elements(value: unknown, pointer = ""): Generator<Element> {
  if (typeof value !== "object" || value === null) return
  if (isObject(value)) yield { pointer, value }
  for (const [key, inner] of Object.entries(value)) {
    const isExample = (key === "examples" || key === "example") && !pointer.endsWith("/properties")
    const step = key.replaceAll("~", "~0").replaceAll("/", "~1")
    if (!isExample) yield* elements(inner, `${pointer}/${step}`)
  }
}

/** Elements that a reader looks up by name, as patterns of their JSON pointers. */
const describedPlaces = [
  /^\/info$/,
  /^\/servers\/\d+$/,
  /^\/tags\/\d+$/,
  /^\/components\/\w+\/[^/]+$/,
  /^\/paths\/[^/]+\/(get|post|delete)$/,
  /\/parameters\/\d+$/,
  /\/responses\/[^/]+$/,
  /\/headers\/[^/]+$/,
  /\/properties\/[^/]+$/,
]

const places = (document: unknown) => [...elements(document)]
const isReference = ({ pointer, value }: Element) => "$ref" in value && !pointer.includes("/properties/")
const isSentence = (text: unknown) =>
  typeof text === "string" && /^[A-Z0-9`"].*[.)]$/s.test(text) && text.length > 5

test.each(documents)(
  "$name describes every component, member, operation, parameter and response",
  ({ document }) => {
    const described = places(document).filter(
      (place) => describedPlaces.some((pattern) => pattern.test(place.pointer)) && !isReference(place),
    )
    expect(described.length).toBeGreaterThan(700)
    expect(
      described.filter(({ value }) => !isSentence(value["description"])).map(({ pointer }) => pointer),
    ).toEqual([])
  },
)

test.each(documents)("$name names every object that is an arm of a union", ({ document }) => {
  const arms = places(document).filter(({ pointer }) => /\/(oneOf|anyOf)\/\d+$/.test(pointer))
  expect(arms.length).toBeGreaterThan(300)
  const unnamed = arms.filter(({ value }) => "properties" in value)
  expect(unnamed.map(({ pointer }) => pointer)).toEqual([])
})

test.each(documents)("$name states the default of a member in its description", ({ document }) => {
  const silent = places(document).filter(
    // Of the server variable, the server's description states the default.
    ({ pointer, value }) =>
      "default" in value &&
      !/default/i.test(String(value["description"])) &&
      !pointer.startsWith("/servers/"),
  )
  expect(silent.map(({ pointer }) => pointer)).toEqual([])
})

test.each(documents)("$name states once that a member is a file", ({ document }) => {
  const files = places(document).filter(({ value: { format } }) => format === "binary")
  expect(files.length).toBeGreaterThan(2)
  expect(files.filter(({ value }) => "contentEncoding" in value).map(({ pointer }) => pointer)).toEqual([])
})

/** Returns the JSON pointers of the roots, and of every component that they refer to, directly or not. */
function reachable(document: unknown, isRoot: (pointer: string) => boolean): Set<string> {
  const all = places(document)
  const reached = new Set<string>()
  const waiting = all.map(({ pointer }) => pointer).filter(isRoot)
  for (let root = waiting.pop(); root !== undefined; root = waiting.pop()) {
    if (reached.has(root)) continue
    reached.add(root)
    const inside = all.filter(({ pointer }) => pointer === root || pointer.startsWith(`${root}/`))
    waiting.push(
      ...inside.flatMap(({ value }) => [value["$ref"] ?? []].flat().map((to) => String(to).slice(1))),
    )
  }
  return reached
}

test.each(documents)(
  "$name states the default of every optional member that a request can have",
  ({ document }) => {
    const asked = reachable(document, (pointer) => pointer.endsWith("/requestBody"))
    const optional = places(document).flatMap(({ pointer, value: { properties, required } }) =>
      isObject(properties) && [...asked].some((root) => pointer === root || pointer.startsWith(`${root}/`))
        ? Object.entries(properties)
            .filter(([name]) => !(Array.isArray(required) && required.includes(name)))
            .map(([name, member]) => ({ at: `${pointer}/properties/${name}`, member }))
        : [],
    )
    expect(optional.length).toBeGreaterThan(180)
    const silent = optional.filter(
      ({ member }) => !(isObject(member) && /\bDefault: |\babsent\b/.test(String(member["description"]))),
    )
    expect(silent.map(({ at }) => at)).toEqual([])
  },
)

test.each(documents)(
  "$name has no component whose name a generator gives to something else",
  ({ document }) => {
    const ofComponents = places(document).flatMap(({ pointer, value }) =>
      [...pointer.matchAll(/^\/components\/schemas\/([^/]+)$/g)].map(([, name = ""]) => ({ name, value })),
    )
    // Generators ignore case, and call the type of a member by its component and its name.
    const ofMembers = ofComponents.flatMap(({ name, value }) =>
      Object.entries(isObject(value["properties"]) ? value["properties"] : {})
        .map(([member, schema]) => ({ name: `${name}${member.replaceAll(/[^a-z]/g, "")}`, schema }))
        // The type of this member is the component itself.
        .filter(
          (member) => !JSON.stringify(member.schema).toLowerCase().includes(`/${member.name.toLowerCase()}"`),
        ),
    )
    const names = [...ofComponents, ...ofMembers].map(({ name }) => name.toLowerCase())
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  },
)

/** Examples of one media type, with the schema that they must satisfy. */
interface Shown {
  readonly place: string
  readonly mediaType: string
  readonly schema: unknown
  readonly examples: readonly unknown[]
}

/** Returns what an OpenAPI 3.1 document shows under each media type of a request or a reply. */
function shownIn(document: unknown): Shown[] {
  return places(document).flatMap(({ pointer, value: { content } }) =>
    isObject(content) && /\/(requestBody|responses\/[^/]+)$/.test(pointer)
      ? Object.entries(content).map(([mediaType, media]) => {
          const { schema, examples } = isObject(media) ? media : {}
          const values = Object.values(isObject(examples) ? examples : {})
          return {
            place: `${pointer}/${mediaType}`,
            mediaType,
            schema,
            examples: values.map((example) => (isObject(example) ? example["value"] : undefined)),
          }
        })
      : [],
  )
}

const isBinary = (schema: unknown) => isObject(schema) && schema["format"] === "binary"

describe("the examples", () => {
  const document = JSON.parse(emitted()["openapi.json"] ?? "") as object
  const shown = shownIn(document)
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, "document")
  const errorsOf = (schema: unknown, value: unknown) => {
    const absolute = JSON.stringify(schema).replaceAll('"#/', '"document#/')
    return ajv.validate(JSON.parse(absolute), value) ? [] : [ajv.errorsText()]
  }

  test("exist for every request, reply, error and stream, except binary files", () => {
    const without = shown.filter(({ schema, examples }) => !isBinary(schema) && examples.length === 0)
    expect(without.map(({ place }) => place)).toEqual([])
    expect(shown.filter(({ mediaType }) => mediaType === "multipart/form-data").length).toBe(3)
  })

  test.each(shown.filter(({ mediaType }) => mediaType !== "text/event-stream"))(
    "of $place satisfy their schema",
    ({ schema, examples }) => {
      expect(examples.flatMap((example) => errorsOf(schema, example))).toEqual([])
    },
  )

  test.each(shown.filter(({ mediaType }) => mediaType === "text/event-stream"))(
    "of $place are streams",
    ({ schema, examples }) => {
      const pointer = ["x-itemSchema", "properties", "data", "contentSchema"]
      const item = pointer.reduce((inner, key) => (isObject(inner) ? inner[key] : undefined), schema)
      expect(examples.length).toBeGreaterThan(1)
      for (const example of examples) {
        const data = String(example)
          .split("\n\n")
          .map((event) => event.replace(/^data: /, ""))
        expect(data.slice(-2)).toEqual(["[DONE]", ""])
        expect(data.slice(0, -2).flatMap((each) => errorsOf(item, JSON.parse(each)))).toEqual([])
      }
    },
  )

  test("of chat and Responses streams include a tool call", () => {
    const texts = shown
      .filter(({ mediaType }) => mediaType === "text/event-stream")
      .map(({ examples }) => examples.join())
    expect(texts.map((text) => text.includes("get_weather"))).toEqual([true, true])
  })
})
