/** Takes a parsed JSON value apart: gives what is known of it, typed, or throws a `ShapeError`. */
export type Shape<T> = (value: unknown, path: string) => T

/** What a shape gives. */
export type Shaped<S> = S extends Shape<infer T> ? T : never

/** A value is not what was expected at `path`. */
export class ShapeError extends Error {
  override name = "ShapeError"
  constructor(path: string, expected: string) {
    super(`${path || "it"} is not ${expected}`)
  }
}

export const string: Shape<string> = (value, path) => {
  if (typeof value !== "string") throw new ShapeError(path, "a string")
  return value
}

export const number: Shape<number> = (value, path) => {
  if (typeof value !== "number") throw new ShapeError(path, "a number")
  return value
}

export const boolean: Shape<boolean> = (value, path) => {
  if (typeof value !== "boolean") throw new ShapeError(path, "true or false")
  return value
}

/** One of the given values. */
export function oneOf<const T extends string | number | boolean>(values: readonly T[]): Shape<T> {
  return (value, path) => {
    const found = values.find((known) => known === value)
    if (found === undefined)
      throw new ShapeError(path, values.map((known) => JSON.stringify(known)).join(" or "))
    return found
  }
}

export function array<T>(item: Shape<T>): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new ShapeError(path, "an array")
    return value.map((element, index) => item(element, `${path}[${index}]`))
  }
}

export function pair<T>(item: Shape<T>): Shape<readonly [T, T]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length !== 2) throw new ShapeError(path, "an array of two")
    return [item(value[0], `${path}[0]`), item(value[1], `${path}[1]`)]
  }
}

type Members = Readonly<Record<string, Shape<unknown>>>

/** An object; members that are not named are left out. */
export function object<R extends Members, O extends Members = Record<never, never>>(
  required: R,
  optional?: O,
): Shape<
  { readonly [K in keyof R]: Shaped<R[K]> } & { readonly [K in keyof O]?: Exclude<Shaped<O[K]>, undefined> }
> {
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new ShapeError(path, "an object")
    const given = new Map(Object.entries(value))
    const known: Record<string, unknown> = {}
    const take = (name: string, shape: Shape<unknown>) => {
      known[name] = shape(given.get(name), path ? `${path}.${name}` : name)
    }
    for (const [name, shape] of Object.entries(required)) take(name, shape)
    for (const [name, shape] of Object.entries(optional ?? {})) if (given.has(name)) take(name, shape)
    // Built member by member from the shapes that the type is computed from.
    return known as Shaped<ReturnType<typeof object<R, O>>>
  }
}
