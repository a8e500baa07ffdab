import { element, listKeys, plural, themeSwitch } from "@nexhina/viewer/dom"
import type { PageCause, PageData } from "../reports/page-data.ts"
import { causeView } from "./causes.ts"
import { createFilters, type Selection } from "./filters.ts"
import { createMatrix, isQuiet, type Matrix } from "./matrix.ts"
import { resultView } from "./result.ts"
import { bodiesText, searchText } from "./words.ts"

/** A cause with its element and the texts that a search looks at. */
interface ListedCause {
  readonly cause: PageCause
  readonly view: HTMLDetailsElement
  readonly text: string
  readonly bodies: string
}

/**
 * Returns the causes that are selected. A search looks at what is said of them. Most bodies have the same words: it looks
 * at bodies only if it finds nothing otherwise.
 */
function selectedCauses(listed: readonly ListedCause[], selection: Selection) {
  const others = listed.filter(({ cause }) => isChosen(cause, selection))
  const named = others.filter(({ text }) => text.includes(selection.text))
  if (named.length > 0) return { shown: named, isByBodies: false }
  const byBodies = others.filter(({ bodies }) => bodies.includes(selection.text))
  return { shown: byBodies, isByBodies: byBodies.length > 0 }
}

/** Returns whether a cause has the verdict, the surface and the target of the selection. */
function isChosen(cause: PageCause, { verdict, surface, target }: Selection): boolean {
  if (verdict !== "" && cause.verdict !== verdict) return false
  if (surface !== "" && cause.surface !== surface) return false
  return target === "" || cause.occurrences.some((each) => String(each.target) === target)
}

/** Shows the rows of the matrix that are selected: those without a finding only on demand, or when searched. */
function filterMatrix(matrix: Matrix, selection: Selection, showsAll: boolean): number {
  const { text, surface, verdict, target } = selection
  const filled = new Set<string>()
  let shown = 0
  for (const { rule, row } of matrix.rows) {
    const results = target === "" ? rule.results : [rule.results[Number(target)]]
    const isShown =
      (showsAll || text !== "" || !isQuiet(rule)) &&
      (surface === "" || rule.surface === surface) &&
      (verdict === "" || results.some((result) => result?.verdict === verdict)) &&
      (target === "" || results.some((result) => result)) &&
      `${rule.id}\n${rule.says}`.toLowerCase().includes(text)
    row.hidden = !isShown
    if (!isShown) continue
    shown++
    filled.add(rule.surface)
  }
  const isFiltered = text !== "" || verdict !== ""
  matrix.showSurfaces((name) => filled.has(name) || (!isFiltered && (surface === "" || surface === name)))
  return shown
}

function rulesSection(data: PageData, matrix: Matrix, onToggle: () => void) {
  const toggle = element("input", { type: "checkbox" })
  toggle.addEventListener("input", onToggle)
  const quiet = data.rules.filter(isQuiet).length
  const count = element("span", { class: "count", "aria-live": "polite" })
  toggle.checked = quiet === data.rules.length
  const view = element(
    "section",
    { id: "rules", "aria-label": "Rules" },
    element("h2", {}, "Rules ", count),
    element(
      "label",
      { class: "toggle" },
      toggle,
      ` Also show the ${plural(quiet, "rule")} without a finding`,
    ),
    matrix.view,
  )
  return { view, toggle, count }
}

function leftOutText({ leftOut }: PageData): string {
  const parts = [
    leftOut.findings > 0 && `the details of ${plural(leftOut.findings, "finding")}`,
    leftOut.exchanges > 0 && `the exchanges of ${plural(leftOut.exchanges, "finding")}`,
    leftOut.unlisted > 0 && `${plural(leftOut.unlisted, "exchange")} with further findings`,
  ].filter((part) => part !== false)
  return parts.length > 0 ? `This page is limited in size. It leaves out ${parts.join(" and ")}.` : ""
}

function causesSection(data: PageData) {
  const listed = data.causes.map(
    (cause, index): ListedCause => ({
      cause,
      view: causeView(cause, index, data),
      text: searchText(cause, data.targets),
      bodies: bodiesText(cause),
    }),
  )
  const count = element("span", { class: "count", "aria-live": "polite" })
  const empty = element("p", { class: "empty" })
  const leftOut = leftOutText(data)
  const view = element(
    "section",
    { id: "causes", "aria-label": "Causes", tabindex: "-1" },
    element("h2", {}, "Causes ", count),
    ...listed.map((each) => each.view),
    empty,
    leftOut !== "" && element("p", { class: "note" }, leftOut),
  )
  return { view, listed, count, empty }
}

/** Describes a report without causes: it claims only what the evidence shows. */
function nothingText({ targets }: PageData): string {
  const isJudged = targets.every(({ standing }) => standing === "conformant" || standing === "not-conformant")
  return isJudged
    ? "Nothing was found that breaks a rule."
    : "Nothing was found, but not everything was judged."
}

/** Opens the cause that the address names. */
function openNamed(show: () => void): void {
  const named = location.hash === "" ? null : document.getElementById(location.hash.slice(1))
  if (!(named instanceof HTMLDetailsElement)) return
  if (named.hidden) show()
  named.open = true
  named.scrollIntoView()
  named.querySelector("summary")?.focus({ preventScroll: true })
}

function build(app: HTMLElement, data: PageData): void {
  const matrix = createMatrix(data)
  const causes = causesSection(data)
  const update = () => {
    const selection = filters.selection()
    const selected = selectedCauses(causes.listed, selection)
    const isShown = new Set(selected.shown)
    for (const each of causes.listed) each.view.hidden = !isShown.has(each)
    const shown = selected.shown.length
    const all = causes.listed.length
    const number = shown === all ? String(all) : `${shown} of ${all}`
    causes.count.textContent = selected.isByBodies ? `${number}, by their bodies` : number
    causes.empty.textContent = shown > 0 ? "" : all > 0 ? "No cause matches the filters." : nothingText(data)
    const rows = filterMatrix(matrix, selection, rules.toggle.checked)
    rules.count.textContent = rows === data.rules.length ? String(rows) : `${rows} of ${data.rules.length}`
  }
  const filters = createFilters(data, update)
  const rules = rulesSection(data, matrix, update)
  const isMatrix = data.targets.length > 1
  const hints = [["j", "k"], ["/"], ["Enter"]].map((keys) => keys.map((key) => element("kbd", {}, key)))
  app.replaceChildren(
    element("a", { class: "skip-link", href: "#causes" }, "Skip to the causes"),
    element("header", {}, element("span", {}, "Conformance report"), themeSwitch()),
    element(
      "main",
      {},
      resultView(data),
      filters.view,
      ...(isMatrix ? [rules.view, causes.view] : [causes.view, rules.view]),
    ),
    element(
      "footer",
      {},
      ...(hints[0] ?? []),
      " next and previous cause · ",
      ...(hints[2] ?? []),
      " opens it · ",
      ...(hints[1] ?? []),
      " search",
    ),
  )
  update()
  listKeys(
    () => causes.listed.flatMap(({ view }) => (view.hidden ? [] : [view.querySelector("summary") ?? view])),
    filters.search,
  )
  addEventListener("hashchange", () => openNamed(filters.clear))
  openNamed(filters.clear)
}

const app = document.getElementById("app")
const data = document.getElementById("data")
if (app && data) build(app, JSON.parse(data.textContent ?? ""))
