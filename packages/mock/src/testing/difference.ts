/** A matcher of a test runner, such as `expect.any(String)` of vitest, Jest and Playwright. */
interface Matcher {
  asymmetricMatch(actual: unknown): boolean
  toAsymmetricMatcher?(): string
}

/** Returns whether a value is a matcher of a test runner. */
export function isMatcher(value: unknown): value is Matcher {
  return isObject(value) && "asymmetricMatch" in value && typeof value.asymmetricMatch === "function"
}

/**
 * Returns the first place at which a value is not as expected; `undefined` if it is as expected. It may have more
 * members than expected; lists must have the same length. Matchers of a test runner compare as they do there.
 */
export function differenceOf(expected: unknown, actual: unknown, path: string): string | undefined {
  const children = childrenOf(expected, actual)
  if (children === undefined) {
    const equal = isMatcher(expected) ? expected.asymmetricMatch(actual) : Object.is(expected, actual)
    return equal ? undefined : `${path}: expected ${shown(expected)}, but got ${shown(actual)}`
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
  if (
    isMatcher(expected) ||
    !isObject(expected) ||
    !isObject(actual) ||
    Array.isArray(expected) !== Array.isArray(actual)
  )
    return undefined
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length !== actual.length) return undefined
  return Object.entries(expected)
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null
}

/** Formats a value in one line, as JSON with the names of matchers. */
export function asText(value: unknown): string {
  const isJson = !(value instanceof RegExp || typeof value === "function" || isMatcher(value))
  return isJson
    ? JSON.stringify(value, (_, inner) => (isMatcher(inner) ? nameOf(inner) : inner))
    : nameOf(value)
}

function nameOf(value: unknown): string {
  return isMatcher(value) && value.toAsymmetricMatcher ? value.toAsymmetricMatcher() : String(value)
}

/** Formats a value in one line, shortened. */
function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : asText(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
