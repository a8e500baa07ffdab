import { type Child, element, exchangeView, plural } from "@nexhina/viewer/dom"
import type { FindingDetails, Occurrence, PageCause, PageData, PageFinding } from "../reports/page-data.ts"
import { verdictSigns } from "../reports/verdict-signs.ts"
import { codeText, shortName } from "./words.ts"

/** A row of a definition list, left out when it has no value. */
function fact(label: string, value: Child): HTMLElement[] {
  return value ? [element("dt", {}, label), element("dd", {}, value)] : []
}

/** Shows a command with a button that copies it, or selects it where the clipboard is not available. */
function commandBlock(label: string, command: string): HTMLElement {
  const code = element("pre", { class: "wire command", tabindex: "0" }, command)
  const button = element("button", { type: "button" }, "Copy")
  const select = () => getSelection()?.selectAllChildren(code)
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command)
      button.textContent = "Copied"
    } catch {
      select()
      button.textContent = "Selected"
    }
  })
  return element(
    "div",
    { class: "reproduction" },
    element("div", { class: "label" }, element("span", {}, label), button),
    code,
  )
}

function responseLine({ status, end, excerpt }: FindingDetails): string {
  return `${status === undefined ? "no response" : `status ${status}`}, ${end}${excerpt ? "; around the fault:" : ""}`
}

/** Shows the exchanges of a finding, or the excerpt where they are not in the report. */
function exchangeBlock({ exchanges, details }: PageFinding): HTMLElement[] {
  if (exchanges)
    return exchanges.flatMap((exchange, index) => [
      ...(exchanges.length > 1
        ? [element("h3", { class: "step" }, `Request ${index + 1} of ${exchanges.length} that are compared`)]
        : []),
      exchangeView(exchange),
    ])
  if (!details)
    return [element("p", { class: "note" }, "The details are in the JSON report; this page is full.")]
  return [
    element("p", { class: "note" }, `The exchange is not in this report. Response: ${responseLine(details)}`),
    ...(details.excerpt ? [element("pre", { class: "wire command" }, details.excerpt)] : []),
  ]
}

function findingView(finding: PageFinding): HTMLElement {
  const { details } = finding
  return element(
    "div",
    { class: "finding" },
    !!details &&
      element(
        "dl",
        { class: "facts" },
        ...fact("Expected", details.expected),
        ...fact("Actual", element("span", { class: "actual" }, details.actual)),
        ...fact("Where", details.where),
        ...fact("Request", details.requestFault && `invalid on purpose: ${details.requestFault}`),
        ...fact("Request id", details.requestId),
        ...fact("Waived", details.waiver),
        ...fact("Otherwise", details.otherProfile && `not a finding with --profile ${details.otherProfile}`),
      ),
    ...exchangeBlock(finding),
    ...(details
      ? [
          commandBlock("Send this request again", details.curl),
          commandBlock("Judge it again", details.replay),
        ]
      : []),
  )
}

/** Creates an element that is closed, and whose content is made when it is first opened. */
function lazyDetails(attributes: Record<string, string>, summary: HTMLElement, content: () => Node[]) {
  const details = element("details", attributes, summary)
  let isFilled = false
  details.addEventListener("toggle", () => {
    if (isFilled || !details.open) return
    isFilled = true
    details.append(...content())
  })
  return details
}

function occurrenceView({ findings, consequences }: Occurrence): Node[] {
  const [first, ...others] = findings
  return [
    ...(first ? [findingView(first)] : []),
    ...(others.length > 0
      ? [
          element("h3", {}, "The same fault in other exchanges"),
          ...others.map((finding) =>
            lazyDetails(
              { class: "other" },
              element(
                "summary",
                {},
                element("code", {}, finding.id),
                ` (${plural(finding.times, "exchange")})`,
              ),
              () => [findingView(finding)],
            ),
          ),
        ]
      : []),
    ...(consequences.length > 0
      ? [
          element("h3", {}, "Follows from it"),
          element(
            "p",
            { class: "note" },
            "These findings are on the same exchanges, which could not be read because of this fault.",
          ),
          element("ul", {}, ...consequences.map((id) => element("li", {}, element("code", {}, id)))),
        ]
      : []),
  ]
}

function threadLink(url: string): HTMLElement {
  const isWeb = /^https?:\/\//.test(url)
  return element(
    "li",
    {},
    isWeb ? element("a", { href: url, rel: "noreferrer", target: "_blank" }, url) : url,
  )
}

function causeDetails(cause: PageCause, { targets }: PageData): Node[] {
  const [only] = cause.occurrences
  const parts =
    cause.occurrences.length === 1 && only && targets.length === 1
      ? occurrenceView(only)
      : cause.occurrences.map((occurrence, index) => {
          const target = targets[occurrence.target]
          const name = `${occurrence.target + 1}. ${target ? shortName(target) : ""}`
          const details = lazyDetails({ class: "occurrence" }, element("summary", {}, name), () =>
            occurrenceView(occurrence),
          )
          details.open = index === 0
          return details
        })
  return [
    element(
      "div",
      { class: "content" },
      element("p", { class: "sentence" }, element("b", {}, "Source: "), cause.source),
      ...parts,
      cause.see.length > 0 && element("h3", {}, "Reported for other servers"),
      cause.see.length > 0 && element("ul", {}, ...cause.see.map(threadLink)),
    ),
  ]
}

function extent({ occurrences }: PageCause, { targets }: PageData): string {
  const operations = [...new Set(occurrences.flatMap((each) => each.operations))]
  const times = occurrences.flatMap(({ findings }) => findings).reduce((sum, each) => sum + each.times, 0)
  const where = operations.length > 2 ? plural(operations.length, "operation") : operations.join(", ")
  const on = targets.length > 1 ? `${occurrences.length} of ${targets.length} targets · ` : ""
  return `${on}${where} · ${plural(times, "exchange")}`
}

/** Maximum length of what was found, on the line that names a cause. */
const maxGistLength = 120

/** Shows where and what was found first, if it is short. */
function gistOf({ occurrences }: PageCause): HTMLElement | undefined {
  const details = occurrences[0]?.findings[0]?.details
  if (!details) return undefined
  const { where, actual } = details
  const gist = actual === "" || actual.startsWith(where) ? actual || where : `${where}: ${actual}`
  return element(
    "span",
    { class: "gist" },
    gist.length > maxGistLength ? `${gist.slice(0, maxGistLength)}…` : gist,
  )
}

/** Shows a cause: a line that names it, which opens to everything that is known of it. */
export function causeView(cause: PageCause, index: number, data: PageData): HTMLDetailsElement {
  const { sign, kind } = verdictSigns[cause.verdict]
  const summary = element(
    "summary",
    {},
    element("span", { class: `badge ${kind}` }, `${sign} ${cause.verdict}`),
    element(
      "span",
      { class: "naming" },
      element("span", { class: "says" }, ...codeText(cause.says || cause.id)),
      element(
        "span",
        { class: `means ${kind}` },
        element("b", {}, "Found: "),
        ...codeText(cause.means),
        gistOf(cause),
      ),
      element("span", { class: "place" }, element("code", {}, cause.id), ` ${extent(cause, data)}`),
    ),
  )
  return lazyDetails({ class: "cause", id: `cause-${index + 1}` }, summary, () => causeDetails(cause, data))
}
