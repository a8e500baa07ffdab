/*
 * Client generators narrow a union by its tag only when the union is closed. The emitted documents therefore list the
 * known arms of an open union and mark it with `x-open-union`; a validator needs the arm for unlisted kinds as well.
 */

interface Schema {
  readonly [keyword: string]: unknown
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The keyword with the arms of a union, as Zod emits it. */
const armsOf = (schema: Schema): readonly unknown[] | undefined =>
  [schema["oneOf"], schema["anyOf"]].find((arms) => Array.isArray(arms))

/** The tag of the arm that stands for every unlisted kind; undefined for any other arm. */
function unlistedTag(arm: unknown): string | undefined {
  if (!isSchema(arm) || arm["x-unlisted"] !== true || !isSchema(arm["properties"])) return undefined
  return Object.keys(arm["properties"])[0]
}

const isUnlistedString = (arm: unknown) =>
  isSchema(arm) && arm["type"] === "string" && arm["x-unlisted"] === true

/** Applies `change` to every object inside a JSON value, the innermost first. */
function changed(value: unknown, change: (schema: Schema) => Schema): unknown {
  if (Array.isArray(value)) return value.map((item) => changed(item, change))
  if (!isSchema(value)) return value
  return change(
    Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, changed(inner, change)])),
  )
}

/** Returns the values of a union's tag in one of its arms, following references into `components`. */
function tagsOf(arm: unknown, tag: string, components: Schema): readonly string[] {
  if (!isSchema(arm)) return []
  const reference = arm["$ref"]
  if (typeof reference === "string")
    return tagsOf(components[reference.split("/").at(-1) ?? ""], tag, components)
  const arms = armsOf(arm)
  if (arms) return arms.flatMap((inner) => tagsOf(inner, tag, components))
  const member = isSchema(arm["properties"]) ? arm["properties"][tag] : undefined
  if (!isSchema(member)) return []
  const values = "const" in member ? [member["const"]] : Array.isArray(member["enum"]) ? member["enum"] : []
  return values.filter((value) => typeof value === "string")
}

/** Returns the known values of an open enum, or of the one that a nullable member or an array contains. */
function knownValuesOf(schema: unknown): readonly string[] {
  if (!isSchema(schema)) return []
  const values = schema["x-known-values"]
  if (Array.isArray(values)) return values.map(String)
  const inner = [...(armsOf(schema) ?? []), schema["items"]].filter(
    (each) => isSchema(each) && !each["description"],
  )
  return inner.flatMap(knownValuesOf)
}

/** Appends the known values to a description that does not explain them: viewers do not show `x-known-values`. */
function withKnownValues(schema: Schema): Schema {
  const values = knownValuesOf(schema)
  if (typeof schema["description"] !== "string" || values.length === 0) return schema
  const description = schema["description"]
  const quoted = values.map((value) => `\`${value}\``)
  if (quoted.every((value) => description.includes(value))) return schema
  return { ...schema, description: `${description} Known values: ${quoted.join(", ")}.` }
}

/**
 * Closes the open unions and open enums of emitted schemas: a union loses the arm for unlisted kinds and gains
 * `x-open-union` and a discriminator; an enum becomes a string with `x-known-values`, which its description lists.
 */
export function closeUnions(schema: unknown, components: Schema): unknown {
  return changed(schema, (inner) => withKnownValues(closed(inner, components)))
}

function closed(each: Schema, components: Schema): Schema {
  const arms = armsOf(each)
  if (!arms) return each
  const { anyOf: _, oneOf: __, ...others } = each
  const [known, unlisted] = arms
  if (arms.length === 2 && isSchema(known) && Array.isArray(known["enum"]) && isUnlistedString(unlisted)) {
    return { ...others, type: "string", "x-known-values": known["enum"] }
  }
  const tag = unlistedTag(arms.at(-1))
  if (tag === undefined) return each
  const listed = arms.slice(0, -1)
  const mapping = listed.flatMap((arm) => {
    const reference = isSchema(arm) ? arm["$ref"] : undefined
    return typeof reference === "string"
      ? tagsOf(arm, tag, components).map((value): [string, string] => [value, reference])
      : []
  })
  return {
    ...others,
    oneOf: listed,
    // A discriminator is for unions of references only (OpenAPI 3.1, section 4.8.25).
    ...(listed.every((arm) => isSchema(arm) && "$ref" in arm) && {
      discriminator: { propertyName: tag, mapping: Object.fromEntries(mapping) },
    }),
    "x-open-union": tag,
  }
}

/**
 * Returns an emitted document in which every open union accepts unlisted kinds again: for validators, which would
 * otherwise reject a kind that a server added after the document was written.
 */
export function openUnions<Document>(document: Document): Document {
  const found =
    isSchema(document) && isSchema(document["components"]) ? document["components"]["schemas"] : {}
  const components = isSchema(found) ? found : {}
  const opened = changed(document, (each) => {
    const tag = each["x-open-union"]
    const arms = armsOf(each)
    if (typeof tag !== "string" || !arms) return each
    const tags = arms.flatMap((arm) => tagsOf(arm, tag, components))
    const other = {
      type: "object",
      properties: { [tag]: { type: "string", not: { enum: [...new Set(tags)] } } },
      required: [tag],
    }
    return { ...each, oneOf: [...arms, other] }
  })
  // Only arms were added: the document has the type that it had.
  return opened as Document
}
