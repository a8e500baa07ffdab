import type { Endpoint } from "@nexhina/schemas"
import { nestsDeeper } from "@nexhina/wire"
import type { z } from "zod"
import { limits } from "../limits.ts"
import { Refusal } from "../refusal.ts"
import { mayHaveLoneSurrogates, withoutLoneSurrogates } from "./lone-surrogate.ts"

type RequestContract = NonNullable<Endpoint["request"]>
type Issue = NonNullable<ReturnType<RequestContract["schema"]["safeParse"]>["error"]>["issues"][number]
type Path = Issue["path"]

const deepest = limits.jsonDepth.max
const maxJsonMarks = limits.jsonMarks.max
const maxMembers = limits.objectMembers.max
const maxObjects = limits.arrayObjects.max

const utf8 = new TextDecoder("utf-8", { fatal: true })

/**
 * Decodes a JSON request body, and returns the step that parses it: each takes a while for a body of many megabytes. Both
 * refuse what is malformed; a missing media type counts as JSON.
 */
export function readJson(body: Uint8Array, contentType: string | undefined): () => unknown {
  if (contentType !== undefined && !/^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType)) {
    throw new Refusal(415, {
      message: `Unsupported content type '${contentType}'. Send the request body as 'application/json'.`,
    })
  }
  if (body.length === 0) throw malformed("the request body is empty")
  if (hasTooManyMarks(body)) {
    throw new Refusal(413, {
      message: `The JSON body contains more than ${maxJsonMarks} of the characters ',', '[' and '{', which is the limit.`,
    })
  }
  let text: string
  try {
    text = utf8.decode(body)
  } catch {
    throw malformed("it is not valid UTF-8")
  }
  return () => parseJson(text)
}

function parseJson(text: string): unknown {
  if (nestsDeeper(text, deepest)) throw malformed(`it is nested more than ${deepest} levels deep`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed("it is not valid JSON")
  }
  if (mayHaveLoneSurrogates(text)) value = withoutLoneSurrogates(value)
  return value
}

/** Refuses a value with too many members in one object, or objects in one array: validation reads all of them. */
export function requireFewMembers(value: unknown, path: PropertyKey[] = []): void {
  if (typeof value !== "object" || value === null) return
  const requireFewWithin = (inner: unknown, key: PropertyKey) => {
    if (typeof inner !== "object") return
    path.push(key)
    requireFewMembers(inner, path)
    path.pop()
  }
  if (Array.isArray(value)) {
    // Numbers and texts cost little, and an array with a wrong item is refused at the first one.
    const holdsObjects = typeof value[0] === "object" && value[0] !== null && !Array.isArray(value[0])
    if (holdsObjects && value.length > maxObjects) throw tooMany("array", path, `${maxObjects} objects`)
    value.forEach(requireFewWithin)
  } else {
    if (Object.keys(value).length > maxMembers) throw tooMany("object", path, `${maxMembers} members`)
    for (const [name, inner] of Object.entries(value)) requireFewWithin(inner, name)
  }
}

function tooMany(kind: "array" | "object", path: Path, max: string): Refusal {
  const param = paramOf(path)
  return new Refusal(400, {
    message: `${param === "" ? "The body" : `The ${kind} '${param}'`} has more than ${max}, which is the limit.`,
    param,
    code: "above_limit_of_mock",
  })
}

function malformed(why: string): Refusal {
  return new Refusal(400, {
    message: `We could not parse the JSON body of your request: ${why}. The API expects a JSON object.`,
    code: "invalid_json",
  })
}

/** Returns whether a JSON body exceeds the limit of marks. Marks inside strings count too. */
function hasTooManyMarks(body: Uint8Array): boolean {
  if (body.length <= maxJsonMarks) return false
  let marks = 0
  // One search for each mark, up to the limit: looking at every byte of 20 MB of text takes ten times as long.
  for (const mark of [0x2c, 0x5b, 0x7b]) {
    for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + 1)) {
      marks++
      if (marks > maxJsonMarks) return true
    }
  }
  return false
}

/** Ends validation at the first error of each array and object. A body with a million errors takes seconds otherwise. */
const firstError: z.core.ParseContextInternal<z.core.$ZodIssue> = { abortEarly: true }

/** Validates a request body against its contract. Refuses it with the first error. */
export function validate<Request>(
  value: unknown,
  schema: Pick<RequestContract["schema"], "safeParse">,
  checks: Endpoint["checks"],
): Request {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, { message: `The request body must be a JSON object, not ${a(value)}.` })
  }
  const parsed = schema.safeParse(value, firstError)
  if (!parsed.success) {
    const issue = useful(parsed.error.issues)
    throw issue ? refusal(issue, at(value, issue.path)) : new Refusal(400)
  }
  for (const { param, says, holds } of checks) {
    if (!holds(parsed.data)) throw new Refusal(400, { message: says, param, code: "invalid_value" })
  }
  // Guaranteed by the schema; the type `Endpoint` does not know the type of its request.
  return parsed.data as Request
}

/** Resolves an issue of a union to that of the branch that matches most of the value. */
type PlainIssue = Exclude<Issue, { code: "invalid_union" }> | Mismatch

/** An issue for a value whose type no branch of a union accepts. */
interface Mismatch {
  readonly code: "mismatch"
  readonly path: Path
  readonly expected: readonly string[]
}

function useful(issues: readonly Issue[]): PlainIssue | undefined {
  const [first] = issues
  if (first?.code !== "invalid_union") return first
  const branches = first.errors.map(useful).filter((issue) => issue !== undefined)
  const within = branches.map((issue) => ({ ...issue, path: [...first.path, ...issue.path] }))
  // A branch that rejects something inside the value, or its size, has accepted its type.
  const best = within.reduce<PlainIssue | undefined>(
    (chosen, issue) =>
      chosen === undefined || understanding(issue) > understanding(chosen) ? issue : chosen,
    undefined,
  )
  if (best === undefined || understanding(best) > understanding({ ...mismatch, path: first.path }))
    return best
  return { ...mismatch, path: first.path, expected: [...new Set(within.flatMap(expectation))] }
}

const mismatch = { code: "mismatch", expected: [] } as const

function understanding(issue: PlainIssue): number {
  const wrongType = issue.code === "invalid_type" || issue.code === "mismatch"
  return 2 * issue.path.length + (wrongType ? 0 : 1)
}

function expectation(issue: PlainIssue): readonly string[] {
  if (issue.code === "invalid_type") return [issue.expected]
  return issue.code === "mismatch" ? issue.expected : []
}

function refusal(issue: PlainIssue, value: unknown): Refusal {
  const param = paramOf(issue.path)
  const invalid = (message: string, code: string) => new Refusal(400, { message, param, code })
  if (value === undefined)
    return invalid(`Missing required parameter: '${param}'.`, "missing_required_parameter")

  const wrongType = (expected: readonly string[]) => {
    const names = expected.map((type) => typeNames[type] ?? type)
    const oneOf = names.length > 1 ? `one of ${listed(names, "or")}` : names[0]
    return invalid(
      `Invalid type for '${param}': expected ${oneOf}, but got ${a(value)} instead.`,
      "invalid_type",
    )
  }

  switch (issue.code) {
    case "mismatch":
      return wrongType(issue.expected)
    case "invalid_type":
      return wrongType([issue.expected])
    case "invalid_value": {
      const types = new Set(issue.values.map(typeOf))
      if (!types.has(typeOf(value))) return wrongType([...types])
      const supported = listed(
        issue.values.map((known) => `'${String(known)}'`),
        "and",
      )
      return invalid(`Invalid value: ${shown(value)}. Supported values are: ${supported}.`, "invalid_value")
    }
    case "too_small":
      return invalid(...tooSmall(param, value, issue.minimum))
    case "too_big":
      return invalid(...tooBig(param, value, issue.maximum))
    case "invalid_format":
      return invalid(
        `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern ` +
          `'${issue.pattern?.replace(/^\/(.*)\/\w*$/s, "$1") ?? issue.format}'.`,
        "invalid_value",
      )
    default:
      return invalid(`Invalid '${param}': ${issue.message}.`, "invalid_value")
  }
}

type Described = readonly [message: string, code: string]

function tooSmall(param: string, value: unknown, minimum: unknown): Described {
  const isEmpty = value === "" || (Array.isArray(value) && value.length === 0)
  if (typeof value === "string") {
    const what = isEmpty ? "empty string" : "string too short"
    const code = isEmpty ? "empty_string" : "string_below_min_length"
    return [sized(param, value, what, `a string with minimum length ${minimum}`), code]
  }
  if (Array.isArray(value)) {
    const what = isEmpty ? "empty array" : "array too short"
    const code = isEmpty ? "empty_array" : "array_below_min_length"
    return [sized(param, value, what, `an array with minimum length ${minimum}`), code]
  }
  const kind = Number.isInteger(value) ? "integer" : "decimal"
  const message = sized(param, value, `${kind} below minimum value`, `a value >= ${minimum}`)
  return [message, `${kind}_below_min_value`]
}

function tooBig(param: string, value: unknown, maximum: unknown): Described {
  if (typeof value === "string" || Array.isArray(value)) {
    const kind = typeof value === "string" ? "string" : "array"
    const expected = `${kind === "string" ? "a string" : "an array"} with maximum length ${maximum}`
    return [sized(param, value, `${kind} too long`, expected), `${kind}_above_max_length`]
  }
  const kind = Number.isInteger(value) ? "integer" : "decimal"
  const message = sized(param, value, `${kind} above maximum value`, `a value <= ${maximum}`)
  return [message, `${kind}_above_max_value`]
}

function sized(param: string, value: unknown, what: string, expected: string): string {
  return `Invalid '${param}': ${what}. Expected ${expected}, but got ${measured(value)} instead.`
}

/** Formats a path such as `messages[0].role`, as in `error.param`. */
function paramOf(path: Path): string {
  return path.reduce<string>((param, key) => {
    if (typeof key === "number") return `${param}[${key}]`
    return param === "" ? String(key) : `${param}.${String(key)}`
  }, "")
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  )
}

/** Type names with articles. Unlisted names (`object`, `array`, …) are looked up by JSON type. */
const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "an integer",
  integer: "an integer",
  boolean: "a boolean",
  array: "an array",
  object: "an object",
  record: "an object",
  file: "a file",
  null: "null",
}

function typeOf(value: unknown): string {
  if (value === null) return "null"
  return Array.isArray(value) ? "array" : typeof value
}

function a(value: unknown): string {
  if (typeof value === "number" && Number.isInteger(value)) return "an integer"
  return typeNames[typeOf(value)] ?? typeOf(value)
}

function measured(value: unknown): string {
  if (value === "") return "an empty string"
  if (typeof value === "string") return `a string with length ${value.length}`
  if (!Array.isArray(value)) return printed(value)
  return value.length === 0 ? "an empty array" : `an array with length ${value.length}`
}

/** Converts a value to text. An object of a client can lack a callable `toString`, which `String` would call. */
function printed(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

/** Formats a value for a message. Long values are truncated. */
function shown(value: unknown): string {
  const text = `'${printed(value)}'`
  return text.length > 100 ? `${text.slice(0, 100)}…'` : text
}

function listed(items: readonly string[], word: "and" | "or"): string {
  if (items.length < 3) return items.join(` ${word} `)
  return `${items.slice(0, -1).join(", ")}, ${word} ${items.at(-1)}`
}
