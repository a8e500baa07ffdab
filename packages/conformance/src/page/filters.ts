import { element } from "@nexhina/viewer/dom"
import type { PageData } from "../reports/page-data.ts"

/** What the reader wants to see. Empty texts stand for everything. */
export interface Selection {
  /** In lower case. */
  readonly text: string
  readonly verdict: string
  readonly surface: string
  /** Index of a target. */
  readonly target: string
}

/** The controls above the causes. */
export interface Filters {
  readonly view: HTMLElement
  readonly search: HTMLInputElement
  selection(): Selection
  /** Shows everything again. */
  clear(): void
}

function choice(label: string, all: string, values: readonly (readonly [string, string])[]) {
  const select = element(
    "select",
    { "aria-label": label },
    element("option", { value: "" }, all),
    ...values.map(([value, text]) => element("option", { value }, text)),
  )
  select.hidden = values.length < 2
  return select
}

/** Creates the controls; `onChange` is called with each change. */
export function createFilters({ causes, rules, targets }: PageData, onChange: () => void): Filters {
  const search = element("input", {
    type: "search",
    placeholder: "Search causes and rules",
    "aria-label": "Search causes and rules",
    autocomplete: "off",
    spellcheck: "false",
  })
  const same = (values: readonly string[]) => [...new Set(values)].map((value) => [value, value] as const)
  const verdict = choice("Verdict", "All verdicts", same(causes.map((cause) => cause.verdict)))
  const surface = choice("Surface", "All surfaces", same(rules.map((rule) => rule.surface)))
  const target = choice(
    "Target",
    "All targets",
    targets.map((each, index) => [String(index), `${index + 1}. ${each.target}`] as const),
  )
  const controls = [search, verdict, surface, target]
  for (const control of controls) control.addEventListener("input", onChange)
  return {
    view: element("div", { class: "filters", role: "search" }, ...controls),
    search,
    selection: () => ({
      text: search.value.trim().toLowerCase(),
      verdict: verdict.value,
      surface: surface.value,
      target: target.value,
    }),
    clear() {
      for (const control of controls) control.value = ""
      onChange()
    },
  }
}
