import { z } from "zod"
import type { Content, Endpoint } from "./endpoint.ts"

/*
 * Writes the types that the package publishes. The compiler can infer them from the schemas too, and does so here in
 * the repository; but inferring them takes a consumer's compiler longer than all the rest of zod.
 */

/** What schemas look like to a consumer: cheaper than zod's own classes, which carry the type of each member. */
const preamble = `import type { z } from "zod"
import type { Check, Example } from "./endpoint.js"
import type { UnlistedTag } from "./open.js"

/** The members of an object, as schemas. */
export type ShapeOf<T> = { readonly [Member in keyof T]-?: z.ZodType<T[Member], T[Member]> }

/** A \`z.ZodObject\` that lets unknown members pass. */
export interface ObjectSchema<T> extends z.ZodType<T, T> {
  readonly shape: ShapeOf<T>
  /** Returns a schema with more members, or other ones. */
  extend<Shape extends z.core.$ZodLooseShape>(
    shape: Shape,
  ): z.ZodObject<z.util.Extend<ShapeOf<T>, Shape>, z.core.$strip>
}

/** A union of objects, such as a \`z.ZodDiscriminatedUnion\`. */
export interface UnionSchema<T> extends z.ZodType<T, T> {
  readonly options: readonly (T extends unknown ? ObjectSchema<T> : never)[]
}
`

/** Everything that the declarations are made of. */
export interface Published {
  /** The exported schemas, by name. */
  readonly schemas: Readonly<Record<string, z.ZodType>>
  readonly endpoints: Readonly<Record<string, Endpoint>>
}

/** The part of the package's exports that the declarations are made of. */
export function publishedOf(exported: { readonly endpoints: Published["endpoints"] }): Published {
  const schemas = Object.entries<unknown>(exported).filter(
    (entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType,
  )
  return { schemas: Object.fromEntries(schemas), endpoints: exported.endpoints }
}

type Definition = z.core.$ZodTypes["_zod"]["def"]

const definitionOf = (schema: z.core.$ZodType): Definition => (schema as z.core.$ZodTypes)._zod.def
const metaOf = (schema: z.core.$ZodType) => z.globalRegistry.get(schema)
const literal = (value: unknown): string => JSON.stringify(value) ?? "undefined"
const isOptional = (schema: z.core.$ZodType): boolean => schema._zod.optout === "optional"

/** Returns the text of `schemas.d.ts`: a named type for each schema with an id, the schemas, the endpoints. */
export function declarations({ schemas, endpoints }: Published): string {
  const types = Object.entries(named({ schemas, endpoints })).map(([name, schema]) => namedType(name, schema))
  const values = Object.entries(schemas).map(
    ([name, schema]) => `export declare const ${name}: ${schemaType(schema)}\n`,
  )
  const operations = Object.entries(endpoints).map(
    ([id, endpoint]) => `  readonly ${id}: ${operationType(endpoint)}\n`,
  )
  return [
    preamble,
    ...types,
    ...values,
    "/** Every operation of the gateway, by its id, in the order of the documentation. */\n" +
      `export declare const endpoints: {\n${operations.join("")}}\n`,
    "export type OperationId = keyof typeof endpoints\n",
  ].join("\n")
}

/** Returns the text of the package's `index.d.ts`: what `schemas.d.ts` declares, and else what the compiler wrote. */
export function publicIndex(inferred: string, published: Published): string {
  const names = Object.keys(named(published))
  const declared = new Set([...names, "endpoints", "OperationId"])
  const redirected = inferred.replaceAll(
    /export (type )?\{([^}]*)\} from "([^"]+)";/g,
    (_, type: string | undefined, list: string, from: string) => {
      const exported = list.split(",").flatMap((name) => name.trim() || [])
      return [true, false]
        .map((isDeclared) => ({
          from: isDeclared ? "./schemas.js" : from,
          names: exported.filter((name) => declared.has(name.replace("type ", "")) === isDeclared),
        }))
        .filter(({ names }) => names.length > 0)
        .map(({ from, names }) => `export ${type ?? ""}{ ${names.join(", ")} } from "${from}";`)
        .join("\n")
    },
  )
  const others = [
    ...names.filter((name) => !(name in published.schemas)),
    "ObjectSchema",
    "ShapeOf",
    "UnionSchema",
  ]
  return `${redirected}export type { ${others.join(", ")} } from "./schemas.js";\n`
}

/** The schemas with an id, by it, of all that is published. */
function named({ schemas, endpoints }: Published): Record<string, z.core.$ZodType> {
  const roots = [...Object.values(schemas), ...Object.values(endpoints).flatMap(schemasOf)]
  const found: Record<string, z.core.$ZodType> = {}
  for (const schema of reachable(roots)) {
    const { id } = metaOf(schema) ?? {}
    if (id !== undefined) found[id] ??= schema
  }
  return found
}

function schemasOf({ params, query, request, success }: Endpoint): z.ZodType[] {
  const contents = Object.values(success.content).flatMap((content) => {
    if (content.kind === "json") return [content.schema]
    return content.kind === "stream" ? [content.item] : []
  })
  return [params, query, request?.schema, ...contents].filter((schema) => schema !== undefined)
}

/** The schemas and all that they are made of, in the order in which they are met. */
function reachable(roots: readonly z.core.$ZodType[]): z.core.$ZodType[] {
  const found = new Set<z.core.$ZodType>()
  const visit = (schema: z.core.$ZodType) => {
    if (found.has(schema)) return
    found.add(schema)
    partsOf(schema).forEach(visit)
  }
  roots.forEach(visit)
  return [...found]
}

function partsOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const definition = definitionOf(schema)
  switch (definition.type) {
    case "object":
      return [...Object.values(definition.shape), ...(definition.catchall ? [definition.catchall] : [])]
    case "union":
      return definition.options
    case "array":
      return [definition.element]
    case "optional":
    case "nullable":
      return [definition.innerType]
    case "record":
      return [definition.keyType, definition.valueType]
    default:
      return []
  }
}

/** An alias, not an interface: only an alias of an object can stand for a record of unknown members. */
function namedType(name: string, schema: z.core.$ZodType): string {
  return `${docComment(metaOf(schema)?.description, "")}export type ${name} = ${structure(schema, "")}\n`
}

/** The type of the values that a schema takes and gives: its name, or else its structure. */
function typeOf(schema: z.core.$ZodType, indent: string): string {
  return metaOf(schema)?.id ?? structure(schema, indent)
}

/** Throws for a kind of schema that no contract uses yet: its type would have to be written here. */
function structure(schema: z.core.$ZodType, indent: string): string {
  const definition = definitionOf(schema)
  switch (definition.type) {
    case "string":
    case "number":
    case "boolean":
    case "null":
    case "unknown":
    case "never":
      return definition.type
    case "file":
      return "File"
    case "literal":
      return definition.values.map(literal).join(" | ")
    case "enum":
      return Object.values(definition.entries).map(literal).join(" | ")
    case "array":
      return `Array<${typeOf(definition.element, indent)}>`
    case "record":
      return `Record<${typeOf(definition.keyType, indent)}, ${typeOf(definition.valueType, indent)}>`
    case "nullable":
      return `${typeOf(definition.innerType, indent)} | null`
    case "optional":
      return `${typeOf(definition.innerType, indent)} | undefined`
    case "union":
      return definition.options.map((option) => alternative(option, indent)).join(" | ")
    case "object":
      return membersType(definition.shape, indent) + othersType(definition.catchall, indent)
    default:
      throw new Error(`There is no declaration for a schema of the kind '${definition.type}' yet.`)
  }
}

/** The type of one option of a union: of an open one, the last stands for what is not listed. */
function alternative(option: z.core.$ZodType, indent: string): string {
  if (metaOf(option)?.["x-unlisted"] !== true) return typeOf(option, indent)
  const definition = definitionOf(option)
  if (definition.type !== "object") return `(${structure(option, indent)} & {})`
  return `{ ${Object.keys(definition.shape)
    .map((tag) => `${tag}: UnlistedTag`)
    .join("; ")} }`
}

function membersType(shape: Readonly<Record<string, z.core.$ZodType>>, indent: string): string {
  const inner = `${indent}  `
  const members = Object.entries(shape).map(([name, member]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name)
    const mark = isOptional(member) ? "?" : ""
    const comment = docComment(metaOf(member)?.description, inner)
    return `${comment}${inner}${key}${mark}: ${typeOf(member, inner)}\n`
  })
  return `{\n${members.join("")}${indent}}`
}

/** What an object says of the members that it does not list; that they may be anything, or must not be, goes unsaid. */
function othersType(catchall: z.core.$ZodType | undefined, indent: string): string {
  if (catchall === undefined || ["unknown", "never"].includes(definitionOf(catchall).type)) return ""
  return ` & { [member: string]: ${typeOf(catchall, indent)} }`
}

function docComment(text: string | undefined, indent: string): string {
  if (text === undefined) return ""
  const lines = text.replaceAll("*/", "*\\/").split("\n")
  const [line = ""] = lines
  if (lines.length === 1) return `${indent}/** ${line} */\n`
  return `${indent}/**\n${lines.map((each) => `${indent} * ${each}`.trimEnd()).join("\n")}\n${indent} */\n`
}

/** The type of a schema itself. */
function schemaType(schema: z.core.$ZodType): string {
  const type = typeOf(schema, "")
  const definition = definitionOf(schema)
  if (definition.type === "object") return `ObjectSchema<${type}>`
  const isOfObjects =
    definition.type === "union" &&
    definition.options.every((option) => definitionOf(option).type === "object")
  return isOfObjects ? `UnionSchema<${type}>` : `z.ZodType<${type}, ${type}>`
}

/** The type of one endpoint. What tells endpoints apart stays literal; prose and examples do not. */
function operationType(endpoint: Endpoint): string {
  const {
    operationId,
    surface,
    method,
    path,
    aliases,
    onlyWith,
    provenance,
    params,
    query,
    request,
    success,
  } = endpoint
  const exact = {
    operationId,
    surface,
    method,
    path,
    ...(aliases && { aliases }),
    ...(onlyWith && { onlyWith }),
    provenance,
  }
  const contents = Object.entries(success.content).map(
    ([mediaType, content]) => `${literal(mediaType)}: ${contentType(content)}`,
  )
  const requestType = request && typeOf(request.schema, "")
  const [only] = Object.values(success.content)
  const answer = only?.kind === "json" ? typeOf(only.schema, "") : "unknown"
  const members = [
    ...Object.entries(exact).map(([name, value]) => `${name}: ${literalType(value)}`),
    "summary: string",
    "description: string",
    ...(params ? [`params: ${plainObject(params)}`] : []),
    ...(query ? [`query: ${plainObject(query)}`] : []),
    ...(request
      ? [
          `request: { readonly mediaType: ${literal(request.mediaType)}; ${request.orForm ? "readonly orForm: true; " : ""}` +
            `readonly schema: ${schemaType(request.schema)}; readonly examples: ${examplesType(request.examples, "unknown")} }`,
        ]
      : ["request?: never"]),
    `success: { readonly status: ${success.status}; readonly description: string; readonly provenance: ${literal(success.provenance)}; ` +
      `readonly content: { ${contents.map((content) => `readonly ${content}`).join("; ")} } }`,
    `examples: ${examplesType(endpoint.examples, answer)}`,
    `errors: ${literalType(endpoint.errors)}`,
    `checks: readonly Check<${requestType ?? "unknown"}>[]`,
  ]
  return `{\n${members.map((member) => `    readonly ${member}\n`).join("")}  }`
}

function literalType(value: unknown): string {
  return Array.isArray(value) ? `readonly [${value.map(literal).join(", ")}]` : literal(value)
}

function contentType(content: Content): string {
  switch (content.kind) {
    case "json":
      return `{ readonly kind: "json"; readonly schema: ${schemaType(content.schema)} }`
    case "stream":
      return `{ readonly kind: "stream"; readonly item: ${schemaType(content.item)}; readonly examples: ${examplesType(content.examples, "readonly unknown[]")} }`
    case "text":
      return `{ readonly kind: "text"; readonly examples: ${examplesType(content.examples, "string")} }`
    default:
      return `{ readonly kind: ${literal(content.kind)} }`
  }
}

function examplesType(examples: Readonly<Record<string, unknown>>, value: string): string {
  const names = Object.keys(examples).map((name) => `readonly ${literal(name)}: Example<${value}>`)
  return `{ ${names.join("; ")} }`
}

/** Parameters are few and short: they keep zod's own type. */
function plainObject(object: z.ZodObject): string {
  const members = Object.entries(object.shape).map(([name, member]) => {
    const type = typeOf(member, "").replace(/ \| undefined$/, "")
    const schema = `z.ZodType<${type}, ${type}>`
    return `${literal(name)}: ${isOptional(member) ? `z.ZodOptional<${schema}>` : schema}`
  })
  return `z.ZodObject<{ ${members.join("; ")} }, z.core.$strip>`
}
