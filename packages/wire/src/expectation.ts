import type { z } from "zod"

const names: Readonly<Record<string, string>> = {
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  set: "a list",
  tuple: "a list",
  record: "an object",
  map: "an object",
}

/** Returns a type with its article. */
const typeName = (type: string): string => names[type] ?? `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`

const joined = (words: readonly string[], last: string): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`

/** What each origin of a limit counts; a number is compared itself. */
const units: Readonly<Record<string, string>> = { string: "character", array: "entry", set: "entry" }
const plurals: Readonly<Record<string, string>> = { character: "characters", entry: "entries" }

type LimitIssue = Extract<z.core.$ZodIssue, { readonly code: "too_small" | "too_big" }>

function limitText(issue: LimitIssue): string {
  const isMinimum = issue.code === "too_small"
  const limit = isMinimum ? issue.minimum : issue.maximum
  const bound = isMinimum
    ? `${issue.inclusive ? "at least" : "more than"} ${limit}`
    : `${issue.inclusive ? "at most" : "less than"} ${limit}`
  const unit = units[issue.origin]
  if (unit === undefined) return bound
  if (isMinimum && Number(limit) === 1) return `${typeName(issue.origin)} that is not empty`
  return `${typeName(issue.origin)} of ${bound} ${Number(limit) === 1 ? unit : plurals[unit]}`
}

/** Formats of strings, in words. */
const formats: Readonly<Record<string, string>> = {
  date: "a date such as 2027-01-31",
  datetime: "a time such as 2027-01-31T12:00:00Z",
  url: "a URL",
}

/** Zod's own messages for a format begin so; any other is of the schema's author. */
const isOfZod = ({ message }: z.core.$ZodIssue): boolean => /^Invalid /.test(message)

function formatText(issue: Extract<z.core.$ZodIssue, { readonly code: "invalid_format" }>): string {
  if (!isOfZod(issue)) return issue.message
  const format = formats[issue.format]
  if (format !== undefined) return `expected ${format}`
  return issue.pattern === undefined
    ? `expected a valid ${issue.format}`
    : `expected a string of the form ${issue.pattern}`
}

/** Returns what the branches of a union expect at its own place; otherwise the fault of the first branch that goes deeper. */
function unionText({ errors }: Extract<z.core.$ZodIssue, { readonly code: "invalid_union" }>): string {
  const first = errors.flatMap(([issue]) => issue ?? [])
  const deeper = first.find(({ path }) => path.length > 0)
  if (deeper) return `expected another value at '${deeper.path.join(".")}': ${expectationOf(deeper)}`
  const texts = [...new Set(first.map((issue) => expectationOf(issue)))]
  const expected = texts.flatMap((text) => /^expected (.*)$/s.exec(text)?.[1] ?? [])
  return expected.length === 0 ? (texts[0] ?? "expected another value") : `expected ${joined(expected, "or")}`
}

/**
 * Returns what a schema expects where a value has a fault, in words for whoever wrote the value: `expected a number`.
 * A message that a schema states itself is returned as it is.
 */
export function expectationOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${typeName(issue.expected)}`
    case "too_small":
    case "too_big":
      return `expected ${limitText(issue)}`
    case "invalid_value":
      return `expected ${joined(issue.values.map(String), "or")}`
    case "unrecognized_keys":
      return `unknown member${issue.keys.length > 1 ? "s" : ""} ${joined(
        issue.keys.map((key) => `'${key}'`),
        "and",
      )}`
    case "invalid_format":
      return formatText(issue)
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`
    case "invalid_union":
      return unionText(issue)
    case "invalid_key":
    case "invalid_element": {
      const [inner] = issue.issues
      return inner ? expectationOf(inner) : "expected another value"
    }
    default:
      return issue.message
  }
}
