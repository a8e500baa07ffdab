import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import type { Endpoint } from "../src/endpoint.ts"
import { endpoints, schemasWithoutEndpoint } from "../src/endpoints.ts"
import { ErrorResponse } from "../src/error.ts"
import { components, covering, forbidden, mutants, openapiDocument, telling } from "./documents.ts"
import { counters, type JsonSchema, judge } from "./json-schema.ts"

const contracts: readonly Endpoint[] = Object.values(endpoints)
const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
ajv.addSchema(openapiDocument, "document")
const validators = new Map(
  Object.keys(components).map((name) => {
    const reference = `#/components/schemas/${name}`
    return [reference, ajv.getSchema(`document${reference}`)] as const
  }),
)
const byAjv = (reference: string, value: unknown) => validators.get(reference)?.(value) === true

/** Every Zod schema with an id that the roots lead to. */
function named(roots: readonly z.ZodType[]): Map<string, z.ZodType> {
  const found = new Map<string, z.ZodType>()
  z.toJSONSchema(z.union(roots), {
    override({ zodSchema }) {
      const id = zodSchema instanceof z.ZodType && zodSchema.meta()?.id
      if (id) found.set(id, zodSchema)
    },
  })
  return found
}

const schemas = named([
  ErrorResponse,
  ...schemasWithoutEndpoint,
  ...contracts.flatMap(({ request, success }) => [
    ...(request ? [request.schema] : []),
    ...Object.values(success.content).flatMap((content) => {
      if (content.kind === "json") return [content.schema]
      return content.kind === "stream" ? [content.item] : []
    }),
  ]),
])

/** The parameters' schemas: emitted one, Zod's. They stand in their operations and refer to nothing. */
const parameters = contracts.flatMap(({ operationId, method, path, params, query }) => {
  const operation =
    openapiDocument.paths?.[path]?.[method === "GET" ? "get" : method === "POST" ? "post" : "delete"]
  return Object.entries<z.ZodType>({ ...params?.shape, ...query?.shape }).map(([name, zod]) => {
    const emitted = operation?.parameters?.find((parameter) => "name" in parameter && parameter.name === name)
    const schema = emitted && "schema" in emitted ? (emitted.schema as JsonSchema) : {}
    return { name: `${operationId} ${name}`, schema, zod, ajv: ajv.compile(schema) }
  })
})

const judged = [
  ...Object.entries(components).map(([name, schema]) => ({
    name,
    schema,
    zod: schemas.get(name),
    ajv: validators.get(`#/components/schemas/${name}`),
  })),
  ...parameters,
]

/** A file is a string in the emitted document and a `File` in a parsed form. */
const inForm = (value: unknown) =>
  typeof value === "object" && value !== null && "file" in value && typeof value.file === "string"
    ? { ...value, file: new File([value.file], "a.mp3") }
    : value

/** JSON that travels: numbers within the safe integers (RFC 7493), and no `__proto__`, which Zod leaves unread. */
const json = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => !/__proto__|e\+|\d{16}/.test(JSON.stringify(value)))

test("each component of the document is a schema with that id", () => {
  expect([...schemas.keys()].sort()).toEqual(Object.keys(components).sort())
})

describe.each(judged.map((each) => [each.name, each] as const))("%s", (name, { schema, zod, ajv }) => {
  const documents = covering(schema)
  const values = telling(schema)

  const byZod = (value: unknown) =>
    zod?.safeParse(/^Trans.*Request$/.test(name) ? inForm(value) : value).success

  test("Zod and Ajv judge alike the documents that meet it, and what differs from them in one place", () => {
    const counted = counters(schema)
    const verdicts = (value: unknown) => ({
      zod: byZod(value),
      ajv: ajv?.(value),
      emitted: judge(schema, value, byAjv, counted),
    })
    for (const valid of documents) {
      expect.soft({ valid, ...verdicts(valid) }).toEqual({ valid, zod: true, ajv: true, emitted: true })
      for (const mutant of mutants(valid, values, ["unheardOf", ...forbidden(schema)])) {
        const { zod, ajv, emitted } = verdicts(mutant)
        if (zod !== ajv || ajv !== emitted) expect.soft({ mutant, zod, ajv, emitted }).toBe("one verdict")
      }
    }
    const hits = [...counted.values()].flatMap((byKeyword) => [...byKeyword.values()])
    expect(
      hits.filter(({ met, failedAlone }) => met === 0 || failedAlone === 0),
      "keywords that nothing met, or that nothing failed alone",
    ).toEqual([])
  })

  test("Zod and Ajv judge alike what differs from them in several places", () => {
    const short = values.filter((value) => JSON.stringify(value).length < 100)
    const edits = fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(...short), json)), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(fc.constantFrom(...documents), edits, (valid, places) => {
        const edited = places.reduce((document, [place, value]) => {
          const all = [...mutants(document, [value])]
          return all[place % all.length]
        }, valid)
        expect(byZod(edited)).toBe(ajv?.(edited))
      }),
    )
  })
})
