import { type Child, element } from "@nexhina/viewer/dom"
import type { PageData, PageResult, PageRule } from "../reports/page-data.ts"
import type { Verdict } from "../reports/report.ts"
import { verdictSigns } from "../reports/verdict-signs.ts"
import { breakable, codeText, isFinding, shortName } from "./words.ts"

/** A row of the matrix with the rule that it shows. */
interface MatrixRow {
  readonly rule: PageRule
  readonly row: HTMLElement
}

/** The matrix of rules and targets. */
export interface Matrix {
  readonly view: HTMLElement
  readonly rows: readonly MatrixRow[]
  /** Shows only the surfaces that `isShown` returns true for. */
  showSurfaces(isShown: (surface: string) => boolean): void
}

/** Returns whether a rule has no finding on any target. */
export const isQuiet = ({ results }: PageRule): boolean =>
  results.every((result) => !result || !isFinding(result.verdict))

function titleOf(result: PageResult, rule: PageRule, name: string): string {
  const reason = result.reason ? `: ${result.reason}` : ""
  return `${rule.id} on ${name}: ${result.verdict}${reason}`
}

function resultCell(result: PageResult | null, rule: PageRule, name: string, isOnly: boolean): HTMLElement {
  if (!result) return element("td", { class: "cell skip", title: `${rule.id} on ${name}: not selected` })
  const { sign, kind } = verdictSigns[result.verdict]
  const [cause] = result.causes
  const mark = element("span", { class: "sign", "aria-hidden": "true" }, sign)
  const word = element("span", { class: isOnly ? "word" : "hidden" }, result.verdict)
  const content: Child[] = [mark, " ", word]
  return element(
    "td",
    { class: `cell ${kind}`, title: titleOf(result, rule, name) },
    ...(cause === undefined
      ? content
      : [
          element(
            "a",
            { href: `#cause-${cause + 1}`, "aria-label": titleOf(result, rule, name) },
            ...content,
          ),
        ]),
    isOnly && !!result.reason && element("span", { class: "reason" }, ` ${result.reason}`),
  )
}

function ruleRow(rule: PageRule, { targets }: PageData): HTMLElement {
  const severities = new Set(rule.results.flatMap((result) => (result ? [result.severity] : [])))
  severities.delete("not-applicable")
  return element(
    "tr",
    {},
    element(
      "th",
      { scope: "row" },
      element("code", {}, rule.id),
      element("span", { class: "says" }, ...codeText(rule.says || [...severities].join(", "))),
    ),
    ...rule.results.map((result, index) => {
      const target = targets[index]
      return resultCell(result, rule, target ? shortName(target) : "", targets.length === 1)
    }),
  )
}

/** Counts the verdicts of a surface for a target: all of a single target, otherwise only the worst ones. */
function surfaceCell(rules: readonly PageRule[], index: number, isOnly: boolean): HTMLElement {
  const results = rules.flatMap((rule) => rule.results[index] ?? [])
  const counted = Object.entries(verdictSigns)
    .map(([verdict, { sign, kind }]) => ({
      verdict,
      sign,
      kind,
      count: results.filter((result) => result.verdict === verdict).length,
    }))
    .filter(({ count, kind }) => count > 0 && kind !== "skip")
  const title = counted.map(({ verdict, count }) => `${count} ${verdict}`).join(", ") || "nothing judged"
  const shown = (isOnly ? counted : counted.slice(0, 1)).map(({ sign, kind, count }) =>
    element("span", { class: `tally ${kind}` }, sign, element("span", { class: "wide" }, ` ${count}`)),
  )
  return element(
    "td",
    { class: "cell skip", title },
    ...(shown.length > 0 ? shown : ["–"]),
    element("span", { class: "hidden" }, title),
  )
}

function legend(data: PageData): HTMLElement {
  const used = new Set(
    data.rules.flatMap(({ results }) => results.flatMap((result) => result?.verdict ?? [])),
  )
  return element(
    "p",
    { class: "legend" },
    ...Object.entries(verdictSigns)
      .filter(([verdict]) => used.has(verdict as Verdict))
      .flatMap(([verdict, { sign, kind }]) => [
        element("span", {}, element("b", { class: kind }, sign), ` ${verdict}`),
        " ",
      ]),
  )
}

/** Creates the matrix of rules and targets, grouped by surface. */
export function createMatrix(data: PageData): Matrix {
  const { targets, rules } = data
  const surfaces = [...new Set(rules.map(({ surface }) => surface))]
  const rows: MatrixRow[] = []
  const groups = surfaces.map((surface) => {
    const own = rules.filter((rule) => rule.surface === surface)
    const heading = element(
      "tr",
      { class: "surface" },
      element("th", { scope: "rowgroup" }, surface),
      ...targets.map((_, index) => surfaceCell(own, index, targets.length === 1)),
    )
    const ownRows = own.map((rule) => ({ rule, row: ruleRow(rule, data) }))
    rows.push(...ownRows)
    return { surface, body: element("tbody", {}, heading, ...ownRows.map(({ row }) => row)) }
  })
  const columns = targets.map((target, index) =>
    element(
      "th",
      { scope: "col", class: "target", title: target.target },
      targets.length === 1 ? "Verdict" : element("b", {}, String(index + 1)),
      targets.length > 1 && element("span", { class: "wide" }, " ", ...breakable(shortName(target))),
    ),
  )
  const table = element(
    "table",
    { class: targets.length === 1 ? "matrix single" : "matrix" },
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Rule"), ...columns)),
    ...groups.map(({ body }) => body),
  )
  return {
    view: element(
      "div",
      {},
      legend(data),
      element(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": "Rules and targets" },
        table,
      ),
    ),
    rows,
    showSurfaces(isShown) {
      for (const { surface, body } of groups) body.hidden = !isShown(surface)
    },
  }
}
