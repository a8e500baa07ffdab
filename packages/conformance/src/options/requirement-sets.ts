import type { Rule } from "../rule.ts"
import { UsageError } from "./options.ts"

/**
 * The months in which sets of requirements were published, each with the version of the kit that brought its newest
 * rules. A release with new rules adds a line; a line never changes.
 */
export const requirementSets: Readonly<Record<string, string>> = { "2026-11": "0.1.0" }

/** A frozen set of requirements. */
export interface RequirementSet {
  /** The month of its publication. */
  readonly id: string
  /** Returns whether a rule belongs to it. */
  has(rule: Pick<Rule, "since">): boolean
}

/** Compares two versions of three numbers. */
function compareVersions(a: string, b: string): number {
  const [first = [], second = []] = [a, b].map((version) => version.split(".").map(Number))
  const at = [0, 1, 2].find((index) => first[index] !== second[index])
  return at === undefined ? 0 : (first[at] ?? 0) - (second[at] ?? 0)
}

/** Returns whether a month or a day is in the calendar. */
function isDate(date: string): boolean {
  const time = Date.parse(date)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date)
}

/**
 * Returns the set that was in force on a date (`2026-12` or `2026-12-31`), by default the newest one.
 * @throws {UsageError} for a date that does not exist, lies in the future, or before the first set.
 */
export function requirementSetOn(
  date: string | undefined,
  now: Date,
  sets: Readonly<Record<string, string>> = requirementSets,
): RequirementSet {
  const ids = Object.keys(sets).sort()
  const known = `known sets: ${ids.join(", ")}`
  if (date !== undefined && !isDate(date))
    throw new UsageError(`--requirements: '${date}' is not a date; ${known}`)
  const today = now.toISOString().slice(0, 10)
  if (date !== undefined && date > today.slice(0, date.length))
    throw new UsageError(`--requirements: '${date}' is in the future; ${known}`)
  const id = date === undefined ? ids.at(-1) : ids.findLast((each) => each <= date.slice(0, 7))
  const version = id === undefined ? undefined : sets[id]
  if (id === undefined || version === undefined)
    throw new UsageError(`--requirements: there was no set of requirements in '${date}'; ${known}`)
  return { id, has: ({ since }) => compareVersions(since, version) <= 0 }
}

/** Returns the set of requirements of a recorded run; `undefined` when it states none. */
export function requirementsOf(
  run: { readonly requirements?: string; readonly startedAt: string } | undefined,
): RequirementSet | undefined {
  return run?.requirements === undefined
    ? undefined
    : requirementSetOn(run.requirements, new Date(run.startedAt))
}
