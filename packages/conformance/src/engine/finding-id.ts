import { ErrorResponse, endpoints } from "@nexhina/schemas"
import type { Evidence } from "../evidence.ts"
import type { Where } from "../rule.ts"
import type { Detection } from "./judge.ts"

/** Any value of a Zod definition: a schema, or an object or list that holds schemas. */
type Definition = object

/** Collects the names of the members that a schema and the schemas in it define. */
function collectNames(value: unknown, names: Set<string>, seen: Set<Definition>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return
  seen.add(value)
  if ("_zod" in value) {
    const { def } = value._zod as {
      readonly def: { readonly shape?: object; readonly getter?: () => unknown }
    }
    for (const name of Object.keys(def.shape ?? {})) names.add(name)
    for (const part of [...Object.values(def), def.shape, def.getter?.()]) collectNames(part, names, seen)
  } else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
    for (const part of Object.values(value)) collectNames(part, names, seen)
  }
}

let names: ReadonlySet<string> | undefined

/** Returns the names of all members of the contract's replies. */
function contractNames(): ReadonlySet<string> {
  if (names) return names
  const collected = new Set<string>()
  const replies = Object.values(endpoints).map(({ success }) => Object.values(success.content))
  collectNames([ErrorResponse, replies], collected, new Set())
  names = collected
  return names
}

/** Replaces array indexes and keys that the contract does not define, which may be generated, with `*`. */
export const stablePointer = (pointer: string): string =>
  pointer
    .split("/")
    .map((segment, depth) => (depth === 0 || contractNames().has(segment) ? segment : "*"))
    .join("/")

const pointerOf = (at: Where): string => (at.part === "body" || at.part === "event" ? (at.pointer ?? "") : "")

/** Returns what findings with one cause share: rule, fault and operation. */
export function causeOf({ rule, fault, exchange }: Pick<Detection, "rule" | "fault" | "exchange">): string {
  return `${rule.id}:${fault.fault}@${exchange.operation.value ?? "unknown"}`
}

/** Replaces array indexes in the member of a request with `*`. */
export const stableMember = (member: string): string => member.replace(/\[\d+\]/g, "[*]")

/** Returns the member of a request that was made invalid, with its `~`, if there is one. */
function memberOf({ fault }: Pick<Evidence, "fault">): string {
  const member = stableMember(fault.value?.param ?? "")
  return member ? `~${member}` : ""
}

/** Returns `operation~member`, the parts of a finding's id that depend only on the request. */
export const requestKindOf = (exchange: Pick<Evidence, "operation" | "fault">): string =>
  `${exchange.operation.value ?? "unknown"}${memberOf(exchange)}`

/** The parts of the id of a finding. */
export interface FindingIdParts {
  readonly rule: string
  readonly fault: string
  readonly operation: string
  /** The member of the reply, with its `#`, if the id has one. */
  readonly pointer: string
  /** The member of the request, with its `~`, if the id has one. */
  readonly member: string
}

/** Parses the id of a finding. Returns `undefined` for a text of another form. */
export function findingIdParts(id: string): FindingIdParts | undefined {
  const match = /^([^:@#~]+):([^:@#~]+)@([^@#~]+)(#[^~]*)?(~.+)?$/s.exec(id)
  if (!match) return undefined
  const [, rule = "", fault = "", operation = "", pointer = "", member = ""] = match
  return { rule, fault, operation, pointer, member }
}

/**
 * Returns the id of a finding, `rule:fault@operation#pointer~member`. `#pointer` is the member of the reply, `~member`
 * the member of the request that was made invalid; each is omitted when it does not exist. Array indexes are `*`. The
 * id does not depend on generated values, so it is the same for every seed and order.
 */
export function findingId(found: Pick<Detection, "rule" | "fault" | "exchange">): string {
  const pointer = pointerOf(found.fault.at)
  return `${causeOf(found)}${pointer && `#${stablePointer(pointer)}`}${memberOf(found.exchange)}`
}
