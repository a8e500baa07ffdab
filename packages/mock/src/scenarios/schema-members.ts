import { z } from "zod"
import { nearestName } from "../nearest-name.ts"

/** A place in a JSON value. */
export type Path = readonly (string | number)[]

/** Returns the value at a path; undefined when there is none. */
export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : undefined,
    value,
  )
}

/** Formats a path such as `[2].match.user`. */
export function pathText(path: Path): string {
  return path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("")
}

/** Returns names as a message lists them. */
export const quoted = (names: readonly string[]) => names.map((name) => `'${name}'`).join(", ")

/** Returns the message for a name that is not among the known ones. */
export function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known)
  const hint = nearest === undefined ? `Known are ${quoted(known)}` : `Did you mean '${nearest}'?`
  return `unknown key '${key}'. ${hint}`
}

/**
 * Returns the members whose name is almost that of one that is left out. The contract's objects are open, so that any
 * other name may be a member that it does not know.
 */
export function slipsIn(
  schema: unknown,
  value: unknown,
): { readonly path: (string | number)[]; readonly message: string }[] {
  if (typeof value !== "object" || value === null) return []
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => within(index, slipsIn(inner(schema, value, index), item)))
  }
  const known = membersOf(schema, value)
  const absent = known.filter((name) => !Object.hasOwn(value, name))
  return Object.entries(value).flatMap(([key, item]) => {
    const nearest = known.includes(key) ? undefined : nearestName(key, absent)
    if (nearest === undefined) return within(key, slipsIn(inner(schema, value, key), item))
    return [{ path: [key], message: unknownKey(key, absent) }]
  })
}

function within<Slip extends { readonly path: (string | number)[] }>(
  key: string | number,
  slips: readonly Slip[],
): Slip[] {
  return slips.map((slip) => ({ ...slip, path: [key, ...slip.path] }))
}

/** Returns the schema at a path within a value. */
export function schemaAt(schema: unknown, path: Path, value: unknown): unknown {
  return path.reduce<unknown>(
    (outer, key, depth) => inner(outer, at(value, path.slice(0, depth)), key),
    schema,
  )
}

/** Returns the members of the schema at a path within a value. */
export function membersAt(schema: unknown, path: Path, value: unknown): string[] {
  return membersOf(schemaAt(schema, path, value), at(value, path))
}

function membersOf(schema: unknown, value: unknown): string[] {
  const names = objectsIn(schema, value).flatMap((each) => Object.keys(Reflect.get(each, "shape") ?? {}))
  return [...new Set(names)]
}

/** Returns the schema of a member or an item. */
function inner(schema: unknown, value: unknown, key: string | number): unknown {
  return objectsIn(schema, value)
    .map((each) => step(each, key))
    .find((found) => found !== undefined)
}

/**
 * Returns the object or array schemas that an optional or a union contains. Of several, those of the value's kind: for an
 * array, or for an object the one with its `type`.
 */
function objectsIn(schema: unknown, value: unknown): object[] {
  if (typeof schema !== "object" || schema === null) return []
  if ("shape" in schema || "element" in schema || "valueType" in schema) return [schema]
  if ("options" in schema && Array.isArray(schema.options)) {
    const options = schema.options
      .flatMap((option) => objectsIn(option, value))
      .filter((option) => "element" in option === Array.isArray(value))
    const typed = options.find((option) => isTyped(option, at(value, ["type"])))
    return typed === undefined ? options : [typed]
  }
  return "unwrap" in schema && typeof schema.unwrap === "function" ? objectsIn(schema.unwrap(), value) : []
}

function isTyped(schema: object, type: unknown): boolean {
  const tag = step(schema, "type")
  return tag instanceof z.ZodType && tag.safeParse(type).success
}

function step(schema: object, key: string | number): unknown {
  if ("shape" in schema && typeof schema.shape === "object" && schema.shape !== null) {
    return Reflect.get(schema.shape, key)
  }
  if ("element" in schema) return schema.element
  return "valueType" in schema ? schema.valueType : undefined
}
