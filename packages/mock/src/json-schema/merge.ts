import { canonical, type Keywords, list, record, sizeOf } from "./accepts.ts"
import type { Spend } from "./budget.ts"

type Join = (a: unknown, b: unknown, spend: Spend) => unknown

const both: Join = (a, b) => ({ allOf: [a, b] })
const larger: Join = (a, b) => Math.max(Number(a), Number(b))
const smaller: Join = (a, b) => Math.min(Number(a), Number(b))
const perName: Join = (a, b, spend) => joined(record(a), record(b), () => both, spend)

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
  enum: (a, b, spend) => {
    const right = new Set(list(b).map((value) => canonical(value, spend)))
    return list(a).filter((value) => right.has(canonical(value, spend)))
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
  prefixItems: (a, b, spend) => {
    const [left, right] = [list(a), list(b)]
    const longer = left.length > right.length ? left : right
    return longer.map((_, index) => both(left[index] ?? true, right[index] ?? true, spend))
  },
}

/** Returns the keywords that two schemas have together. The order matters for keywords that cannot be joined: the second wins. */
export function merge(a: Keywords, b: Keywords, spend: Spend): Keywords {
  return joined(a, b, (name) => joins[name] ?? ((_, right) => right), spend)
}

/** The size (`sizeOf`) of an object with about a thousand members. */
const largeSize = 100

function joined(a: Keywords, b: Keywords, joinOf: (name: string) => Join, spend: Spend): Keywords {
  const size = sizeOf(a) + sizeOf(b)
  // An object of many members is a dictionary, and takes several times as long to copy.
  spend((size > largeSize ? 20 : 5) * size)
  const shared = Object.keys(b).filter((name) => Object.hasOwn(a, name))
  const join = (name: string) => {
    spend(sizeOf(a[name]) + sizeOf(b[name]))
    return joinOf(name)(a[name], b[name], spend)
  }
  return { ...a, ...b, ...Object.fromEntries(shared.map((name) => [name, join(name)])) }
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y))
  return Number.isInteger(a) && Number.isInteger(b) ? (a * b) / divisor(a, b) : Math.max(a, b)
}
