import type { ShownBody } from "@nexhina/viewer"
import { element } from "@nexhina/viewer/dom"
import type { PageCause, PageFinding, PageTarget } from "../reports/page-data.ts"
import type { Verdict } from "../reports/report.ts"
import type { Standing } from "../reports/standing.ts"
import type { VerdictKind } from "../reports/verdict-signs.ts"

/** The kind of each standing, which decides its color. */
export const standingKinds: Readonly<Record<Standing, VerdictKind>> = {
  conformant: "pass",
  "partly-checked": "warn",
  "not-conformant": "fail",
  incomplete: "warn",
}

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

/** Returns what is said of a cause, in lower case: what a search looks at first. Of a target, its name. */
export function searchText(cause: PageCause, targets: readonly PageTarget[]): string {
  const occurrences = cause.occurrences.flatMap(({ target, operations, consequences, findings }) => {
    const named = targets[target]
    return [
      named ? shortName(named) : "",
      ...operations,
      ...consequences,
      ...findings.flatMap(({ id, details }) => [
        id,
        ...(details ? [details.expected, details.actual, details.where] : []),
      ]),
    ]
  })
  const { id, means, says, source, verdict, severity } = cause
  return [id, means, says, source, verdict, severity, ...occurrences].join("\n").toLowerCase()
}

const textOf = ({ parts }: ShownBody): string =>
  parts.map(({ text, base64 }) => (base64 ? "" : text)).join("")

/** Returns the bodies that show a finding: an excerpt where its exchanges are not in the page. */
const bodiesOf = ({ exchanges, details }: PageFinding): string[] =>
  exchanges?.flatMap(({ request, response }) => [
    textOf(request.body),
    ...(response ? [textOf(response.body)] : []),
  ]) ?? [details?.excerpt ?? ""]

/** Returns the bodies that show a cause, in lower case: what a search looks at last. */
export const bodiesText = ({ occurrences }: PageCause): string =>
  occurrences
    .flatMap(({ findings }) => findings.flatMap(bodiesOf))
    .join("\n")
    .toLowerCase()
