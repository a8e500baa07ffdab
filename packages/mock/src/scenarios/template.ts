import { nearestName } from "../nearest-name.ts"
import type { Subject } from "./subject.ts"

const values: Readonly<Record<string, (subject: Subject) => string>> = {
  user: ({ user }) => user,
  model: ({ model }) => model,
  system: ({ system }) => system,
  toolResult: ({ toolResults }) => toolResults.join("\n"),
}

const placeholder = /\\\{\{|\{\{\s*([^{}]*?)\s*\}\}/g

/** Returns why a template cannot be filled; undefined when it can. */
export function templateFault(template: string): string | undefined {
  for (const [, name] of template.matchAll(placeholder)) {
    if (name === undefined || Object.hasOwn(values, name)) continue
    const known = Object.keys(values)
    const nearest = nearestName(name, known)
    const hint =
      nearest === undefined
        ? `Known are ${known.map((each) => `'{{${each}}}'`).join(", ")}.`
        : `Did you mean '{{${nearest}}}'?`
    return `unknown template '{{${name}}}'. ${hint} Write '\\{{' for braces that are text`
  }
  return undefined
}

/** Fills a template with texts of the request. Its placeholders must be known. `\{{` becomes `{{`. */
export function fill(template: string, subject: Subject): string {
  if (!template.includes("{{")) return template
  return template.replaceAll(placeholder, (_, name: string | undefined) =>
    name === undefined ? "{{" : (values[name]?.(subject) ?? ""),
  )
}

/** Fills the templates in every text of a JSON value; member names stay as they are. */
export function fillValue(value: unknown, subject: Subject): unknown {
  if (typeof value === "string") return fill(value, subject)
  if (Array.isArray(value)) return value.map((item) => fillValue(item, subject))
  return typeof value === "object" && value !== null ? fillMembers(value, subject) : value
}

/** Fills the templates in every text of a JSON object. */
export function fillMembers(value: object, subject: Subject): object {
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fillValue(inner, subject)]))
}

/** Returns why a template in a JSON value cannot be filled; undefined when all can. */
export function valueFault(value: unknown): string | undefined {
  if (typeof value === "string") return templateFault(value)
  if (typeof value !== "object" || value === null) return undefined
  for (const inner of Object.values(value)) {
    const fault = valueFault(inner)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Returns the template whose filled text is the given one. */
export function escapeText(text: string): string {
  return text.replaceAll("{{", "\\{{")
}

/** Returns the JSON value whose filled texts are those of the given one. */
export function escapeValue(value: unknown): unknown {
  if (typeof value === "string") return escapeText(value)
  if (Array.isArray(value)) return value.map(escapeValue)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, escapeValue(inner)]))
}
