import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  OpenApiGeneratorV32,
  type RouteConfig,
  type ZodMediaTypeObject,
} from "@asteasolutions/zod-to-openapi"
import { z } from "zod"
import type { Content, Endpoint, Example } from "./endpoint.ts"
import { ErrorResponse, type ErrorStatus, errorStatuses } from "./error.ts"
import { closeUnions } from "./open-unions.ts"
import type { Provenance } from "./provenance.ts"

export type OpenApiVersion = "3.1.1" | "3.2.0"
export type Document31 = ReturnType<OpenApiGeneratorV31["generateDocument"]>
export type OpenApiDocument = Document31 | ReturnType<OpenApiGeneratorV32["generateDocument"]>

type SchemaObject = NonNullable<NonNullable<Document31["components"]>["schemas"]>[string]
type SchemaOf = (schema: z.ZodType) => SchemaObject

/** The keywords of an object's schema that `legible` rearranges. */
interface ObjectSchema {
  readonly type: unknown
  readonly properties: Readonly<Record<string, { readonly not?: unknown }>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
}

const info = {
  title: "Nexhina gateway API",
  version: "0.1.0",
  description:
    "The API of the Nexhina gateway, an OpenAI-compatible AI gateway, as far as its public documentation describes it.\n\n" +
    "## Conventions of this document\n\n" +
    "- `x-provenance` states the source of each fact: `documented` (stated by the gateway's documentation), " +
    "`deduced` (follows from its declared OpenAI compatibility) or `chosen` (a decision of this document where no " +
    "source decides). An element without `x-provenance` inherits it from its parent.\n" +
    "- Enums and unions that may grow are open. `x-known-values` lists the known values of a string; servers may " +
    "accept and send others. `x-open-union` names the tag of a union whose listed kinds are not the only ones.\n" +
    "- Objects may contain members that are not described here.\n" +
    "- `x-checks` lists constraints between several members, which JSON Schema cannot express.\n" +
    "- `x-aliases` lists other paths of the same operation.",
  license: { name: "MIT", identifier: "MIT" },
}

// The documentation's page on the request URL is not public: there is no host to name. The variable has no description,
// because @apidevtools/swagger-parser 13 rejects one.
const servers = [
  {
    url: "{baseUrl}",
    description:
      "Any server that implements this API. The base URL ends in /v1, without a trailing slash. Default: the local mock server.",
    variables: { baseUrl: { default: "http://127.0.0.1:4010/v1" } },
  },
]

const tags = {
  chat: { name: "Chat", description: "Generate model replies to a conversation (Chat Completions API)." },
  models: { name: "Models", description: "List the available models." },
  responses: {
    name: "Responses",
    description: "Generate model responses, with stored conversation state (Responses API).",
  },
  embeddings: { name: "Embeddings", description: "Create embedding vectors from text." },
  images: { name: "Images", description: "Generate images from a text prompt." },
  audio: { name: "Audio", description: "Text to speech, transcription and translation." },
  video: { name: "Video", description: "Generate videos from a text prompt and, optionally, an image." },
  moderations: { name: "Moderations", description: "Check text and images for harmful content." },
  rerank: { name: "Rerank", description: "Sort documents by their relevance to a query." },
} as const satisfies Record<Endpoint["surface"], { name: string; description: string }>

const from = (provenance: Provenance) => ({ "x-provenance": provenance })

const requestHeaders = {
  "X-Request-Id": "ID of the request, chosen by the client. May be empty.",
  "X-Tenant-Id": "May be empty. The documentation does not describe its meaning.",
  "X-Channel": "May be empty. The documentation does not describe its meaning.",
}

/**
 * Returns the OpenAPI document of some operations and of schemas that none of them mentions. Version 3.2.0 types the
 * events of a stream with `itemSchema`; 3.1.1 has no such keyword and uses `x-itemSchema` instead.
 */
export function openapi(
  version: OpenApiVersion,
  contracts: readonly Endpoint[],
  others: readonly z.ZodType[],
): OpenApiDocument {
  const { components, schemaOf } = jsonSchemas([ErrorResponse, ...contracts.flatMap(schemasOf), ...others])
  const registry = new OpenAPIRegistry()
  for (const [id, schema] of Object.entries(components)) registry.registerComponent("schemas", id, schema)
  registry.registerComponent("securitySchemes", "bearerAuth", {
    type: "http",
    scheme: "bearer",
    description: "API key in the header `Authorization: Bearer sk-…`, with exactly one space.",
    ...from("documented"),
  })
  for (const [name, description] of Object.entries(requestHeaders)) {
    registry.registerComponent("parameters", name, {
      name,
      in: "header",
      description,
      schema: { type: "string" },
      ...from("documented"),
    })
  }
  for (const status of new Set(contracts.flatMap((contract) => contract.errors).sort())) {
    registry.registerComponent("responses", `Error${status}`, errorResponse(status, schemaOf(ErrorResponse)))
  }
  for (const contract of contracts) registry.registerPath(operation(contract, version, schemaOf))

  const config = {
    openapi: version,
    info,
    servers,
    security: [{ bearerAuth: [] }],
    tags: Object.entries(tags)
      .filter(([surface]) => contracts.some((contract) => contract.surface === surface))
      .map(([, tag]) => tag),
  }
  const Generator = version === "3.1.1" ? OpenApiGeneratorV31 : OpenApiGeneratorV32
  return new Generator(registry.definitions, { sortComponents: "alphabetically" }).generateDocument(config)
}

function operation(contract: Endpoint, version: OpenApiVersion, schemaOf: SchemaOf): RouteConfig {
  const parametersOf = (object: z.ZodObject | undefined, place: "path" | "query") =>
    Object.entries<z.ZodType>(object?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: place,
      required: !schema.isOptional(),
      ...described(schema),
      schema: schemaOf(schema),
    }))
  const { request, success } = contract
  return {
    method: contract.method.toLowerCase() as Lowercase<Endpoint["method"]>,
    path: contract.path,
    operationId: contract.operationId,
    tags: [tags[contract.surface].name],
    summary: contract.summary,
    description: contract.description,
    ...(contract.checks.length > 0 && {
      "x-checks": contract.checks.map(({ param, says, provenance }) => ({
        param,
        says,
        ...from(provenance),
      })),
    }),
    ...(contract.aliases && { "x-aliases": contract.aliases }),
    ...from(contract.provenance),
    parameters: [
      ...parametersOf(contract.params, "path"),
      ...parametersOf(contract.query, "query"),
      ...Object.keys(requestHeaders).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...(request && {
      request: {
        body: {
          required: true,
          content: {
            [request.mediaType]: { schema: schemaOf(request.schema), ...examples(request.examples) },
            ...(request.orForm && {
              "multipart/form-data": { schema: schemaOf(request.schema), ...examples(request.examples) },
            }),
          },
        },
      },
    }),
    responses: {
      [success.status]: {
        description: success.description,
        ...from(success.provenance),
        content: Object.fromEntries(
          Object.entries(success.content).map(([mediaType, content]) => [
            mediaType,
            mediaTypeObject(content, contract, version, schemaOf),
          ]),
        ),
      },
      ...Object.fromEntries(
        contract.errors.map((status) => [status, { $ref: `#/components/responses/Error${status}` }]),
      ),
    },
  }
}

/** Returns the description of a schema, for the parameter that carries it. */
function described(schema: z.ZodType): { readonly description?: string } {
  const description = schema.meta()?.description
  return description === undefined ? {} : { description }
}

function mediaTypeObject(
  content: Content,
  contract: Endpoint,
  version: OpenApiVersion,
  schemaOf: SchemaOf,
): ZodMediaTypeObject {
  switch (content.kind) {
    case "json":
      return { schema: schemaOf(content.schema), ...examples(contract.examples) }
    case "text":
      return { schema: { type: "string" as const }, ...examples(content.examples) }
    case "binary":
      return { schema: { type: "string" as const, format: "binary" } }
    case "stream": {
      const itemSchema = {
        type: "object" as const,
        required: ["data"],
        properties: {
          event: {
            type: "string" as const,
            description: "Type of the event, the same as `type` in `data`. May be absent.",
          },
          data: {
            type: "string" as const,
            description: "A JSON object; the last item of the stream is `[DONE]`.",
            contentMediaType: "application/json",
            contentSchema: schemaOf(content.item),
          },
        },
      }
      const asText = Object.entries(content.examples).map(([name, { summary, provenance, value }]) => [
        name,
        {
          summary,
          ...from(provenance),
          [version === "3.1.1" ? "value" : "serializedValue"]: sse(value),
        },
      ])
      return {
        ...(version === "3.1.1"
          ? { schema: { type: "string" as const, "x-itemSchema": itemSchema } }
          : { itemSchema }),
        examples: Object.fromEntries(asText),
      }
    }
  }
}

const sse = (items: readonly unknown[]): string =>
  [...items.map((item) => JSON.stringify(item)), "[DONE]"].map((data) => `data: ${data}\n\n`).join("")

/** Returns the value of an example as JSON. A file of a form is shown as its name. */
const asJson = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, member) => (member instanceof File ? member.name : member)))

function examples(named: Readonly<Record<string, Example>>) {
  const entries = Object.entries(named).map(([name, { summary, provenance, value }]) => [
    name,
    { summary, ...from(provenance), value: asJson(value) },
  ])
  return entries.length > 0 ? { examples: Object.fromEntries(entries) } : {}
}

function errorResponse(status: ErrorStatus, schema: SchemaObject) {
  const { says, type, code, provenance } = errorStatuses[status]
  return {
    description: says.endsWith(".") ? says : `${says}.`,
    ...from(provenance),
    ...((status === 429 || status === 503) && {
      headers: {
        "Retry-After": {
          description: "When to retry: seconds, or an HTTP date.",
          schema: { type: "string" as const },
        },
      },
    }),
    content: {
      "application/json": {
        schema,
        examples: { default: { summary: says, value: { error: { message: says, type, code } } } },
      },
    },
  }
}

function schemasOf({ params, query, request, success }: Endpoint): z.ZodType[] {
  const contents = Object.values(success.content).flatMap((content) => {
    if (content.kind === "json") return [content.schema]
    return content.kind === "stream" ? [content.item] : []
  })
  const parameters = [params, query].flatMap((object) => Object.values<z.ZodType>(object?.shape ?? {}))
  return [...parameters, ...(request ? [request.schema] : []), ...contents]
}

/**
 * Converts Zod schemas to JSON Schemas. A schema with an id becomes a component and is referenced. (The generator's own
 * conversion gets nullable references wrong: asteasolutions/zod-to-openapi, pull request 387.)
 */
function jsonSchemas(schemas: readonly z.ZodType[]) {
  const distinct = [...new Set(schemas)]
  const all = z.toJSONSchema(z.object(Object.fromEntries(distinct.map((schema, place) => [place, schema]))), {
    override: ({ jsonSchema }) => withoutNoise(jsonSchema),
  })
  const text = JSON.stringify(all).replaceAll('"#/$defs/', '"#/components/schemas/')
  // JSON Schema 2020-12 is what OpenAPI has for a schema since 3.1; the two libraries type it apart.
  const { $defs, properties } = JSON.parse(text, (_, value) => legible(value)) as Record<
    "$defs" | "properties",
    Record<string, SchemaObject>
  >
  const close = <Schemas>(schemas: Schemas): Schemas => closeUnions(schemas, $defs) as Schemas
  const closed = close(properties)
  return {
    components: close($defs),
    schemaOf: (schema: z.ZodType) => closed[distinct.indexOf(schema)] ?? {},
  }
}

/**
 * Drops keywords without effect and the bounds of safe integers, which JSON between programs respects anyway (RFC 7493,
 * section 2.2). An object without listed members says that it accepts any: openapi-typescript would type it as empty.
 */
function withoutNoise(schema: z.core.JSONSchema.JSONSchema): void {
  const { additionalProperties, propertyNames, minimum, maximum } = schema
  if (typeof additionalProperties === "object" && Object.keys(additionalProperties).length === 0) {
    delete schema.additionalProperties
  }
  if (typeof propertyNames === "object" && Object.keys(propertyNames).join() === "type")
    delete schema.propertyNames
  // It repeats the format, and is not one of the encodings that JSON Schema knows.
  if (schema.format === "binary") delete schema.contentEncoding
  if (minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  if (schema.type === "object" && !schema.properties && schema.additionalProperties === undefined) {
    schema.additionalProperties = true
  }
}

const absent = { description: "Must be absent." }

/**
 * Rearranges the schema of an object for readers and for client generators, without changing what it accepts; returns
 * any other value as it is. Required members come first. A member that nothing satisfies is forbidden instead of listed,
 * since clients would type it as unknown. A schema of all further members becomes a second part, where it applies to all
 * members: TypeScript refuses an index signature beside optional members, but accepts the intersection of the two.
 */
function legible(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("properties" in value) || !("type" in value))
    return value
  const { type, properties, required = [], additionalProperties, ...others } = value as ObjectSchema
  if (type !== "object") return value
  const forbidden = (name: string) => JSON.stringify(properties[name]?.not) === "{}"
  const names = Object.keys(properties).filter((name) => !forbidden(name))
  const sorted = [
    ...names.filter((name) => required.includes(name)),
    ...names.filter((name) => !required.includes(name)),
  ]
  const listed = {
    type,
    properties: Object.fromEntries(sorted.map((name) => [name, properties[name]])),
    ...(required.length > 0 && { required }),
  }
  const not = Object.keys(properties).filter(forbidden)
  if (not.length > 1) throw new Error(`Two forbidden members, ${not.join(" and ")}: emit them apart`)
  return {
    ...(typeof additionalProperties === "object"
      ? { allOf: [listed, { type, additionalProperties }] }
      : { ...listed, ...(additionalProperties !== undefined && { additionalProperties }) }),
    ...(not.length > 0 && {
      // Linters want a required member to be listed.
      not: { properties: Object.fromEntries(not.map((name) => [name, absent])), required: not },
    }),
    ...others,
  }
}
