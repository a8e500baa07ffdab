import { element } from "@nexhina/viewer/dom"
import type { PageCause, PageTarget } from "../reports/page-data.ts"
import type { Outcome, Verdict } from "../reports/report.ts"

/** A sign for each verdict, which does not depend on color, and its kind, which decides the color. */
export const signs: Readonly<Record<Verdict, { readonly sign: string; readonly kind: string }>> = {
  fail: { sign: "✘", kind: "fail" },
  "harness-error": { sign: "✘", kind: "fail" },
  flaky: { sign: "~", kind: "warn" },
  warn: { sign: "!", kind: "warn" },
  inconclusive: { sign: "?", kind: "warn" },
  info: { sign: "i", kind: "info" },
  pass: { sign: "✔", kind: "pass" },
  waived: { sign: "w", kind: "skip" },
  "not-run": { sign: "·", kind: "skip" },
  unsupported: { sign: "–", kind: "skip" },
  "not-applicable": { sign: "–", kind: "skip" },
}

export const outcomes: Readonly<Record<Outcome, { readonly title: string; readonly kind: string }>> = {
  conformant: { title: "Conformant", kind: "pass" },
  "not-conformant": { title: "Not conformant", kind: "fail" },
  incomplete: { title: "Incomplete", kind: "warn" },
}

/** Returns the sign of a verdict; one that this page does not know is a skip. */
export const signOf = (verdict: Verdict) => signs[verdict] ?? { sign: "–", kind: "skip" }

/** Verdicts that come with findings. */
export const isFinding = (verdict: Verdict): boolean =>
  ["fail", "harness-error", "flaky", "warn", "info", "waived"].includes(verdict)

/** Returns a text with the parts between backticks as code. */
export const codeText = (text: string): (HTMLElement | string)[] =>
  text.split("`").map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part))

/** Returns an address that is broken into lines at its punctuation. */
export const breakable = (address: string): (HTMLElement | string)[] =>
  address.split(/(?<=[:/])|(?<=\.)(?=[a-z])/i).flatMap((part) => [part, element("wbr")])

/** Returns a target without its scheme: what distinguishes it from the others. */
export const shortName = ({ target }: PageTarget): string =>
  target.replace(/^https?:\/\//, "").replace(/\/v1\/?$/, "")

/** Returns everything about a cause that a search looks at, in lower case. */
export function searchText(cause: PageCause, targets: readonly PageTarget[]): string {
  const occurrences = cause.occurrences.flatMap(({ target, operations, consequences, findings }) => [
    targets[target]?.target ?? "",
    ...operations,
    ...consequences,
    ...findings.flatMap(({ id, details }) => [id, details?.expected ?? "", details?.actual ?? ""]),
  ])
  const { id, means, says, source, verdict, severity } = cause
  return [id, means, says, source, verdict, severity, ...occurrences].join("\n").toLowerCase()
}
