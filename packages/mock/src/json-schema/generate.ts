import { sentence, word } from "../content/prose.ts"
import type { Random } from "../content/random.ts"
import { Refusal } from "../refusal.ts"
import {
  accepts,
  canonical,
  isRecord,
  type Keywords,
  keywordsOf,
  list,
  record,
  resolve,
  type Schema,
  SchemaError,
} from "./accepts.ts"
import { budget, type Spend, SpentError } from "./budget.ts"
import { maxTextLength, PatternError } from "./parse-pattern.ts"
import { generateMatch } from "./pattern.ts"

/** Below this depth, optional members and items are left out and the simplest branch is taken first. */
const simpleFrom = 4
/** Below this depth nothing is made: a branch that needs more is given up for another. */
const deepest = 16
/** How many texts are drawn for a schema that says more of them than what they are drawn by (chosen). */
const mostTries = 12
/** How deep schemas may be nested in one another, or refer to one another, for one value (chosen). */
const deepestNesting = 200

/**
 * A value that satisfies a JSON Schema (2020-12, and what is common in draft 7), drawn at random; references must
 * point into the schema itself. Every value is checked before it is returned. Throws a `Refusal` that names `param`
 * and the reason when the schema asks for what this generator cannot find within the budget: it never makes up a value
 * that is wrong. Default: a budget of its own.
 */
export function generate(schema: Schema, random: Random, param: string, spend: Spend = budget()): unknown {
  try {
    const value = maker(schema, random, spend)(schema, 0)
    if (value === undefined) throw new SchemaError("allows no value that could be found")
    return value
  } catch (error) {
    if (error instanceof PatternError) throw cannot(param, error.message)
    if (error instanceof SpentError) throw cannot(param, "it is too large, or has no end")
    if (error instanceof SchemaError) throw cannot(param, `it ${error.message}`)
    throw error
  }
}

function cannot(param: string, why: string): Refusal {
  return new Refusal(400, {
    message: `The mock cannot make a value for the schema at '${param}': ${why}.`,
    param,
  })
}

/** Which optional members an object gets. */
type Plan = "some" | "none" | "all"
const plans: readonly Plan[] = ["some", "none", "all"]
const simplePlans: readonly Plan[] = ["none"]

/** Makes values for the schemas within a root; undefined where none was found. */
function maker(root: Schema, random: Random, spend: Spend): (schema: Schema, depth: number) => unknown {
  function make(schema: Schema, depth: number): unknown {
    const keywords = keywordsOf(schema)
    if (keywords === undefined || depth > deepest) return undefined
    for (const flat of flatten(keywords, depth, 0)) {
      for (const plan of depth < simpleFrom ? plans : simplePlans) {
        spend(20)
        const value = build(flat, depth, plan)
        if (value !== undefined && accepts(schema, value, root, spend)) return value
      }
    }
    return undefined
  }

  /** The ways to satisfy a schema, each without references and branches. */
  function* flatten(keywords: Keywords, depth: number, nesting: number): Generator<Keywords> {
    const { $ref, allOf, anyOf, oneOf, if: condition, then = true, else: otherwise = true, ...own } = keywords
    const groups: (readonly Schema[])[] = list(allOf).map((schema) => [schema])
    if ($ref !== undefined) groups.push([resolve($ref, root)])
    if (anyOf !== undefined) groups.push(inOrder(list(anyOf), depth))
    if (oneOf !== undefined) groups.push(inOrder(list(oneOf), depth))
    if (condition !== undefined) {
      groups.push([{ allOf: [condition, then] }, { allOf: [{ not: condition }, otherwise] }])
    }
    yield* combine(own, groups, depth, nesting)
  }

  function* combine(
    base: Keywords,
    [group, ...rest]: readonly (readonly Schema[])[],
    depth: number,
    nesting: number,
  ): Generator<Keywords> {
    spend(20)
    if (nesting > deepestNesting) throw new SchemaError("refers to itself without end, or is nested too deep")
    if (group === undefined) {
      yield base
      return
    }
    for (const schema of group) {
      const keywords = keywordsOf(schema)
      if (keywords === undefined) continue
      for (const flat of flatten(keywords, depth, nesting + 1)) {
        yield* combine(merge(base, flat), rest, depth, nesting + 1)
      }
    }
  }

  function inOrder(branches: readonly Schema[], depth: number): readonly Schema[] {
    const shuffled = random.shuffle(branches)
    if (depth < simpleFrom) return shuffled
    const ranked = shuffled.map((schema) => {
      const text = JSON.stringify(schema)
      spend(text.length / 100)
      return { schema, refers: Number(text.includes('"$ref"')) }
    })
    return ranked.sort((a, b) => a.refers - b.refers).map(({ schema }) => schema)
  }

  function build(keywords: Keywords, depth: number, plan: Plan): unknown {
    if (Object.hasOwn(keywords, "const")) return keywords["const"]
    if (Object.hasOwn(keywords, "enum")) {
      const { enum: values, ...others } = keywords
      spend(list(values).length / 2)
      return random.shuffle(list(values)).find((value) => accepts(others, value, root, spend))
    }
    for (const type of typesOf(keywords, depth)) {
      const value = builders[type]?.(keywords, depth, plan)
      if (value !== undefined) return value
    }
    return undefined
  }

  function typesOf(keywords: Keywords, depth: number): readonly string[] {
    // Without a type, null satisfies what keywords of any other type say.
    if (keywords["type"] === undefined) return [impliedType(keywords), "null"]
    const types = random.shuffle([keywords["type"]].flat().map(String))
    // Null says least, so it comes last, but below a certain depth the simplest comes first.
    const rank = (type: string) => (depth < simpleFrom ? Number(type === "null") : simplicity.indexOf(type))
    return types.sort((a, b) => rank(a) - rank(b))
  }

  const builders: Readonly<Record<string, (keywords: Keywords, depth: number, plan: Plan) => unknown>> = {
    null: () => null,
    boolean: (keywords) =>
      random.shuffle([true, false]).find((value) => accepts(keywords, value, root, spend)),
    integer: (keywords) => buildNumber(keywords, true),
    number: (keywords) => buildNumber(keywords, false),
    string: buildString,
    array: buildArray,
    object: buildObject,
  }

  function buildNumber(keywords: Keywords, integer: boolean): number | undefined {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = keywords
    const least = Math.max(
      ...[minimum, exclusiveMinimum].map((limit) => (typeof limit === "number" ? limit : -Infinity)),
    )
    const most = Math.min(
      ...[maximum, exclusiveMaximum].map((limit) => (typeof limit === "number" ? limit : Infinity)),
    )
    if (least > most) return undefined
    // A window of 100 within the limits, above 0 where they allow it.
    const from = least > 0 ? least : Math.max(least, Math.min(0, most - 100))
    const to = Math.min(most, from + 100)
    const step = typeof multipleOf === "number" && multipleOf > 0 ? multipleOf : integer ? 1 : undefined
    const drawn =
      step === undefined
        ? [
            Math.round((from + random.fraction() * (to - from)) * 100) / 100,
            from + random.fraction() * (to - from),
            from,
            to,
          ]
        : multiples(step, from, Math.min(most, Math.max(to, from + 16 * step)))
    return drawn.find((value) =>
      accepts({ ...keywords, type: integer ? "integer" : "number" }, value, root, spend),
    )
  }

  /** Multiples of a step within limits: some at random, then the first ones. */
  function multiples(step: number, from: number, to: number): number[] {
    const first = Math.ceil(from / step)
    const count = Math.floor(to / step) - first + 1
    const chosen = [...Array.from({ length: 4 }, () => random.below(Math.max(1, count))), ...Array(16).keys()]
    // 15 digits: 3 * 0.1 is 0.3, as it is written.
    return chosen.map((index) => Number(((first + index) * step).toPrecision(15)) + 0)
  }

  function buildString(keywords: Keywords): string | undefined {
    const { minLength, maxLength, pattern, format } = keywords
    const least = typeof minLength === "number" ? minLength : 0
    const most = typeof maxLength === "number" ? maxLength : Infinity
    if (least > maxTextLength)
      throw new SchemaError(`asks for a text of ${least} characters, ${maxTextLength} at most`)
    spend(least / 10)
    const tries = "not" in keywords ? mostTries : 1
    if (typeof format === "string" && Object.hasOwn(formats, format)) {
      for (let left = pattern === undefined ? tries : mostTries; left > 0; left--) {
        const text = formats[format]?.(random, { least, most })
        if (text !== undefined && accepts(keywords, text, root, spend)) return text
      }
    }
    for (let left = tries; left > 0; left--) {
      const text =
        typeof pattern === "string"
          ? generateMatch(pattern, random, { least, most }, spend)
          : prose(least, most)
      if (text !== undefined && accepts(keywords, text, root, spend)) return text
    }
    return undefined
  }

  function prose(least: number, most: number): string {
    let text = most < 24 ? word(random) : sentence(random)
    while (text.length < least) text += ` ${word(random)}`
    return text.slice(0, most)
  }

  function buildArray(keywords: Keywords, depth: number): unknown[] | undefined {
    const {
      prefixItems,
      items = true,
      additionalItems = true,
      minItems,
      maxItems,
      uniqueItems,
      contains,
    } = keywords
    const prefix = list(Array.isArray(items) ? items : prefixItems)
    const rest = Array.isArray(items) ? additionalItems : items
    const least = typeof minItems === "number" ? minItems : 0
    const most = typeof maxItems === "number" ? maxItems : Infinity
    const needed = contains === undefined ? 0 : Number(keywords["minContains"] ?? 1)
    const wanted = depth < simpleFrom ? Math.max(least, prefix.length, 1 + random.below(2)) : least
    const length = Math.min(most, Math.max(wanted, prefix.length * Number(needed > 0) + needed))

    const made: unknown[] = []
    const seen = new Set<string>()
    while (made.length < length) {
      const own = prefix[made.length] ?? rest
      const containing = made.length >= prefix.length && made.length < prefix.length + needed
      const item = freshItem(
        containing ? { allOf: [own, contains] } : own,
        depth,
        uniqueItems === true ? seen : undefined,
      )
      if (item === undefined) return made.length >= least ? made : undefined
      made.push(item)
    }
    return made
  }

  /** An item, and one that is not among those seen if they are given. */
  function freshItem(schema: Schema, depth: number, seen: Set<string> | undefined): unknown {
    for (let tries = 0; tries < (seen ? 24 : 1); tries++) {
      const item = make(schema, depth + 1)
      const text = canonical(item)
      if (item !== undefined && !seen?.has(text)) {
        seen?.add(text)
        return item
      }
    }
    return undefined
  }

  function buildObject(keywords: Keywords, depth: number, plan: Plan): Keywords | undefined {
    const properties = record(keywords["properties"])
    const { additionalProperties = true, propertyNames = true } = keywords
    const patternProperties = Object.entries(record(keywords["patternProperties"]))
    const required = new Set(list(keywords["required"]).map(String))
    const chosen = new Set(required)
    spend((Object.keys(properties).length + required.size) / 5)
    for (const name of Object.keys(properties)) {
      if (plan === "all" || (plan === "some" && random.below(2) === 1)) chosen.add(name)
    }
    for (const name of chosen) {
      for (const other of list(record(keywords["dependentRequired"])[name])) chosen.add(String(other))
    }

    const made: [string, unknown][] = []
    for (const name of chosen) {
      const value = make(Object.hasOwn(properties, name) ? properties[name] : additionalProperties, depth + 1)
      if (value !== undefined) made.push([name, value])
      else if (required.has(name)) return undefined
    }

    const least = typeof keywords["minProperties"] === "number" ? keywords["minProperties"] : 0
    const asMap = isRecord(additionalProperties) && plan === "some" ? 1 : 0
    const patterned = additionalProperties === false ? patternProperties[0] : undefined
    for (
      let tries = 0;
      made.length < Math.max(least, chosen.size + asMap) && tries < 4 * (least + 1);
      tries++
    ) {
      const name = patterned
        ? generateMatch(patterned[0], random, { least: made.length + 3 }, spend)
        : make({ allOf: [{ type: "string", maxLength: 12 }, propertyNames] }, depth + 1)
      if (typeof name !== "string" || made.some(([known]) => known === name)) continue
      const value = make(patterned ? patterned[1] : additionalProperties, depth + 1)
      if (value !== undefined) made.push([name, value])
    }
    return Object.fromEntries(made)
  }

  return make
}

/** From the simplest on. */
const simplicity: readonly string[] = ["null", "boolean", "integer", "number", "string", "array", "object"]

/** The type that the keywords of a schema without `type` speak of. */
function impliedType(keywords: Keywords): string {
  const speaksOf = (names: readonly string[]) => names.some((name) => Object.hasOwn(keywords, name))
  if (speaksOf(["properties", "required", "additionalProperties", "patternProperties", "minProperties"]))
    return "object"
  if (speaksOf(["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"])) return "array"
  if (speaksOf(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"])) return "number"
  return "string"
}

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.below(10)).join("")

const hex = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.below(16).toString(16)).join("")

const twoDigits = (number: number): string => String(number).padStart(2, "0")

const date = (random: Random): string =>
  `20${digits(random, 2)}-${twoDigits(1 + random.below(12))}-${twoDigits(1 + random.below(28))}`

/** With as many digits of a fraction as it takes to be long enough. */
const time = (random: Random, { least }: Lengths): string => {
  const clock = `${twoDigits(random.below(24))}:${twoDigits(random.below(60))}:${twoDigits(random.below(60))}`
  const fraction = least > 9 ? `.${digits(random, Math.max(1, least - 10))}` : ""
  return `${clock}${fraction}Z`
}

/** A word before a fixed end, as long as limits let it be. */
function name(random: Random, end: string, { least, most }: Lengths): string {
  let text = word(random)
  while (text.length + end.length < least) text += word(random)
  return text.slice(0, Math.max(1, most - end.length)) + end
}

/** Words between dots, none longer than a label of a host name may be. */
function host(random: Random, { least, most }: Lengths): string {
  let text = most < 20 ? name(random, ".io", { least: 0, most }) : `${word(random)}.example.com`
  while (text.length < least) text = `${word(random)}.${text}`
  return text.slice(Math.max(0, text.length - most)).replace(/^\./, "a")
}

interface Lengths {
  readonly least: number
  readonly most: number
}

/** The formats of JSON Schema that real tools use. Others are annotations, which any text satisfies. */
const formats: Readonly<Record<string, (random: Random, lengths: Lengths) => string>> = {
  date,
  time,
  "date-time": (random, { least, most }) =>
    `${date(random)}T${time(random, { least: least - 11, most: most - 11 })}`,
  duration: (random, { least }) => `P${1 + random.below(9)}${digits(random, Math.max(0, least - 3))}D`,
  email: (random, { least, most }) =>
    most < 20
      ? name(random, "@a.io", { least: 0, most })
      : least > 70
        ? `${word(random)}@${host(random, { least: least - 6, most: most - 8 })}`
        : name(random, "@example.com", { least, most }),
  hostname: host,
  ipv4: (random, { least }) =>
    least > 11 ? `198.51.100.1${digits(random, 2).replace(/^[^0-4]/, "0")}` : `192.0.2.${random.below(256)}`,
  ipv6: (random, { least }) =>
    least > 15 ? `2001:db8${`:${hex(random, 4)}`.repeat(6)}` : `2001:db8::1${hex(random, 3)}`,
  uri: location,
  url: location,
  "uri-reference": (random, { least, most }) => `/${name(random, "", { least: least - 1, most: most - 1 })}`,
  uuid: (random) =>
    `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`,
}

function location(random: Random, { least, most }: Lengths): string {
  const start = most < 28 ? "http://a.io/" : "https://example.com/"
  return start + name(random, "", { least: least - start.length, most: most - start.length })
}

type Join = (a: unknown, b: unknown) => unknown

const both: Join = (a, b) => ({ allOf: [a, b] })
const larger: Join = (a, b) => Math.max(Number(a), Number(b))
const smaller: Join = (a, b) => Math.min(Number(a), Number(b))
const perName: Join = (a, b) => joined(record(a), record(b), () => both)

/** What two schemas ask for together by a keyword that both have. Others are left to the check of the result. */
const joins: Readonly<Record<string, Join>> = {
  type: (a, b) => {
    const right = [b].flat()
    return [a].flat().flatMap((type) => {
      if (right.includes(type)) return [type]
      if (type === "number" && right.includes("integer")) return ["integer"]
      return type === "integer" && right.includes("number") ? ["integer"] : []
    })
  },
  enum: (a, b) => {
    const right = new Set(list(b).map(canonical))
    return list(a).filter((value) => right.has(canonical(value)))
  },
  required: (a, b) => [...new Set([...list(a), ...list(b)])],
  minimum: larger,
  exclusiveMinimum: larger,
  minLength: larger,
  minItems: larger,
  minProperties: larger,
  maximum: smaller,
  exclusiveMaximum: smaller,
  maxLength: smaller,
  maxItems: smaller,
  maxProperties: smaller,
  not: (a, b) => ({ anyOf: [a, b] }),
  multipleOf: (a, b) => leastCommonMultiple(Number(a), Number(b)),
  uniqueItems: (a, b) => a === true || b === true,
  properties: perName,
  patternProperties: perName,
  additionalProperties: both,
  propertyNames: both,
  items: both,
  contains: both,
  prefixItems: (a, b) => {
    const [left, right] = [list(a), list(b)]
    const longer = left.length > right.length ? left : right
    return longer.map((_, index) => both(left[index] ?? true, right[index] ?? true))
  },
}

function merge(a: Keywords, b: Keywords): Keywords {
  return joined(a, b, (name) => joins[name] ?? ((_, right) => right))
}

function joined(a: Keywords, b: Keywords, joinOf: (name: string) => Join): Keywords {
  const shared = Object.keys(b).filter((name) => Object.hasOwn(a, name))
  return { ...a, ...b, ...Object.fromEntries(shared.map((name) => [name, joinOf(name)(a[name], b[name])])) }
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y))
  return Number.isInteger(a) && Number.isInteger(b) ? (a * b) / divisor(a, b) : Math.max(a, b)
}
