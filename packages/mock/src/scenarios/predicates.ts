import type { Spend } from "../json-schema/budget.ts"
import { type Pattern, parsePattern } from "../json-schema/parse-pattern.ts"
import { matches } from "../json-schema/pattern.ts"
import { requiredTexts } from "./required-texts.ts"
import type { Scenario, TextMatch } from "./scenario.ts"
import type { Subject } from "./subject.ts"

/** How a predicate compares, from specific to general. `presence` only asks whether there is something. */
export type PredicateKind = "exact" | "pattern" | "substring" | "presence"

/** One condition of a scenario. */
export interface Predicate {
  /** Path below `match`, such as `user` or `headers.x-tenant`. */
  readonly path: string
  readonly kind: PredicateKind
  /** The text that is compared; the source of a pattern. Two predicates with the same path, kind and value are equal. */
  readonly value: string
  /** The pattern of the kind `pattern`. */
  readonly pattern?: Pattern
  /** Texts that a text must contain to fit, for the kinds `substring` and `pattern`. */
  readonly required?: readonly string[]
  /** Returns whether the request meets the condition. */
  holds(subject: Subject, spend: Spend): boolean
  /** The texts of the request that are compared: one, or several of which one must fit. */
  texts(subject: Subject): readonly string[]
}

type Read = (subject: Subject) => readonly string[]

/** Returns the conditions of a scenario, those that cost least first. */
export function predicatesOf({ match, answer }: Scenario): Predicate[] {
  const { operation, model, user, system, message, turns, headers = {}, scope } = match
  // A conversation in which the tool has answered must not call it again, or the loop never ends.
  const toolResult = match.toolResult ?? (answer?.toolCalls && match.step === undefined ? false : undefined)
  const found: (Predicate | undefined)[] = [
    exact("operation", operation, ({ operation }) => [operation]),
    exact("scope", scope, ({ scope }) => [scope]),
    text("model", model, ({ model }) => [model]),
    text("user", user, ({ user }) => [user]),
    exact("turns", turns === undefined ? undefined : String(turns), ({ turns }) => [String(turns)]),
    exact("step", match.step === undefined ? undefined : String(match.step), ({ step }) => [String(step)]),
    ...Object.entries(headers).map(([name, expected]) => {
      const lower = name.toLowerCase()
      return text(`headers.${lower}`, expected, (subject) => {
        const value = subject.header(lower)
        return value === undefined ? [] : [value]
      })
    }),
    text("system", system, ({ system }) => [system]),
    typeof toolResult === "boolean"
      ? presence(toolResult)
      : text("toolResult", toolResult, ({ toolResults }) => toolResults),
    text("message", message, ({ messages }) => messages),
  ]
  return found.filter((predicate) => predicate !== undefined).toSorted((a, b) => cost[a.kind] - cost[b.kind])
}

const cost: Readonly<Record<PredicateKind, number>> = { exact: 0, presence: 0, substring: 1, pattern: 2 }

function exact(path: string, value: string | undefined, texts: Read): Predicate | undefined {
  if (value === undefined) return undefined
  return { path, kind: "exact", value, texts, holds: (subject) => texts(subject).includes(value) }
}

function presence(expected: boolean): Predicate {
  return {
    path: "toolResult",
    kind: "presence",
    value: String(expected),
    texts: ({ toolResults }) => toolResults,
    holds: ({ toolResults }) => toolResults.length > 0 === expected,
  }
}

function text(path: string, expected: TextMatch | undefined, texts: Read): Predicate | undefined {
  if (expected === undefined || typeof expected === "string") return exact(path, expected, texts)
  const { contains, matches: source = "" } = expected
  if (contains !== undefined) {
    const holds = (subject: Subject) => texts(subject).some((text) => text.includes(contains))
    return { path, kind: "substring", value: contains, required: [contains], texts, holds }
  }
  const pattern = parsePattern(source)
  const required = requiredTexts(pattern)
  // Matching takes a thousand times as long as looking for a text.
  const holds = (subject: Subject, spend: Spend) =>
    texts(subject).some(
      (text) => required.every((part) => text.includes(part)) && matches(pattern, text, spend),
    )
  return { path, kind: "pattern", value: source, pattern, required, texts, holds }
}

/** Describes what a predicate expects. */
export function expectation({ kind, value, path }: Predicate): string {
  if (kind === "pattern") return `a match of /${value}/`
  if (kind === "substring") return `a text that contains ${shown(value)}`
  if (kind === "presence") return value === "true" ? "a tool result" : "no tool result"
  return path === "turns" || path === "step" ? value : shown(value)
}

/** Describes what a request has where a predicate looks. */
export function actual({ path, texts }: Predicate, subject: Subject): string {
  const found = texts(subject)
  if (found.length === 0) return "nothing"
  if (path === "turns" || path === "step") return found.join("")
  const more = found.length > 3 ? ` and ${found.length - 3} more` : ""
  return found.slice(0, 3).map(shown).join(", ") + more
}

/** Quotes a text, shortened. */
function shown(text: string): string {
  const isLong = text.length > 200
  return JSON.stringify(isLong ? text.slice(0, 200) : text) + (isLong ? "…" : "")
}
