/**
 * Returns the first place at which a value is not as expected; `undefined` if it is as expected. It may have more
 * members than expected; lists must have the same length.
 */
export function differenceOf(expected: unknown, actual: unknown, path: string): string | undefined {
  const children = childrenOf(expected, actual)
  if (children === undefined) {
    return Object.is(expected, actual)
      ? undefined
      : `${path}: expected ${shown(expected)}, but got ${shown(actual)}`
  }
  for (const [name, value] of children) {
    const inner = Array.isArray(expected) ? `${path}[${name}]` : `${path}.${name}`
    const difference = differenceOf(value, Reflect.get(Object(actual), name), inner)
    if (difference !== undefined) return difference
  }
  return undefined
}

/** Returns the members to compare one by one; undefined when the values are compared as they are. */
function childrenOf(expected: unknown, actual: unknown): [string, unknown][] | undefined {
  if (!isObject(expected) || !isObject(actual) || Array.isArray(expected) !== Array.isArray(actual))
    return undefined
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length !== actual.length) return undefined
  return Object.entries(expected)
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null
}

/** Formats a value in one line, shortened. */
function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
