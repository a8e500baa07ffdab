import { type Child, element, plural } from "@nexhina/viewer/dom"
import type { PageData, PageTarget } from "../reports/page-data.ts"
import { type Standing, standingTitles } from "../reports/standing.ts"
import { breakable, shortName, standingKinds } from "./words.ts"

const passed = ({ summary }: PageTarget) => summary.pass

/** Returns the number of rules that were asked for and are about this target. */
const judged = ({ summary }: PageTarget) =>
  Object.entries(summary).reduce(
    (sum, [verdict, count]) => sum + (verdict === "not-applicable" ? 0 : count),
    0,
  )

const duration = ({ durationMs }: PageTarget) => `${(durationMs / 1000).toFixed(1)} s`

function fact(label: string, value: string): HTMLElement[] {
  return value === "" ? [] : [element("dt", {}, label), element("dd", {}, value)]
}

/** Says why a run stopped early, unless its outcome already does. */
const stoppedNote = ({ stopped, says }: PageTarget): HTMLElement[] =>
  stopped && !says.includes(stopped) ? [element("p", {}, `Stopped early: ${stopped}.`)] : []

/** Shows the circumstances of a run. */
function circumstances(target: PageTarget): HTMLElement {
  const { kit, models, traits, surfaces, seed, startedAt, proxy, learned } = target
  return element(
    "details",
    { class: "about" },
    element("summary", {}, "About this run"),
    element(
      "dl",
      {},
      ...fact("Started", startedAt.replace("T", " ").replace(/\.\d+Z$/, " UTC")),
      ...fact("Surfaces", surfaces.join(", ")),
      ...fact(
        "Models",
        Object.entries(models)
          .map(([kind, model]) => `${kind}: ${model}`)
          .join(", "),
      ),
      ...fact("Known deviations", traits.join(", ")),
      ...fact("Seed", String(seed)),
      ...fact("Proxy", proxy ?? ""),
      ...fact("Kit", `${kit.name} ${kit.version}`),
      ...learned.flatMap((sentence) => fact("Learned", sentence)),
    ),
  )
}

function single(target: PageTarget): HTMLElement {
  const title = standingTitles[target.standing]
  const kind = standingKinds[target.standing]
  const { fail, warn, inconclusive, "not-run": notRun } = target.summary
  const counts = [
    target.causes > 0 && plural(target.causes, "cause"),
    fail > 0 && `${plural(fail, "MUST rule")} broken`,
    warn > 0 && `${plural(warn, "SHOULD rule")} broken`,
    inconclusive > 0 && `${plural(inconclusive, "rule")} not judged`,
    notRun > 0 && `${plural(notRun, "rule")} not run`,
    `${passed(target)} of ${plural(judged(target), "rule")} passed`,
    `${plural(target.requests, "request")} in ${duration(target)}`,
  ]
  return element(
    "section",
    { class: `result ${kind}`, "aria-label": "Result" },
    element(
      "p",
      { class: "subject" },
      element("b", {}, target.target),
      ` judged by the ${target.profile} profile`,
    ),
    element("h1", {}, title),
    element("p", {}, target.says),
    ...stoppedNote(target),
    element(
      "ul",
      { class: "counts" },
      ...counts.filter((count) => count !== false).map((count) => element("li", {}, count)),
    ),
    circumstances(target),
  )
}

function targetRow(target: PageTarget, index: number): HTMLElement {
  const title = standingTitles[target.standing]
  const kind = standingKinds[target.standing]
  const cells: Child[] = [
    element("td", { class: "number" }, String(index + 1)),
    element(
      "th",
      { scope: "row" },
      ...breakable(shortName(target)),
      element("small", {}, ` ${target.profile}`),
    ),
    element("td", {}, element("span", { class: `badge ${kind}` }, title)),
    element("td", { class: "number" }, String(target.causes)),
    element("td", { class: "number wide" }, `${passed(target)} of ${judged(target)}`),
    element("td", { class: "number wide" }, String(target.requests)),
  ]
  return element("tr", {}, ...cells)
}

function several(targets: readonly PageTarget[]): HTMLElement {
  const count = (standing: Standing) => targets.filter((each) => each.standing === standing).length
  const failed = count("not-conformant")
  const incomplete = count("incomplete")
  const partly = count("partly-checked")
  const kind = failed > 0 ? "fail" : incomplete + partly > 0 ? "warn" : "pass"
  const ofAll = (number: number) => `${number} of ${targets.length}`
  const title =
    failed > 0
      ? `${ofAll(failed)} targets ${failed === 1 ? "is" : "are"} not conformant`
      : incomplete > 0
        ? `${ofAll(incomplete)} runs ${incomplete === 1 ? "is" : "are"} incomplete`
        : partly > 0
          ? `${ofAll(partly)} targets ${partly === 1 ? "is" : "are"} partly checked`
          : `All ${targets.length} targets are conformant`
  const head = ["No.", "Target", "Result", "Causes", "Rules passed", "Requests"].map((name, index) =>
    element(
      "th",
      { scope: "col", class: index > 3 ? "number wide" : index === 3 || index === 0 ? "number" : "" },
      name,
    ),
  )
  return element(
    "section",
    { class: `result ${kind}`, "aria-label": "Result" },
    element("h1", {}, title),
    element(
      "table",
      { class: "targets" },
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...targets.map(targetRow)),
    ),
    element(
      "details",
      { class: "about" },
      element("summary", {}, "About these runs"),
      ...targets.flatMap((target, index) => [
        element("h2", { class: "run" }, `${index + 1}. ${target.target}`),
        element("p", {}, target.says),
        ...stoppedNote(target),
        circumstances(target),
      ]),
    ),
  )
}

/** Shows the outcome: of one target in words, of several as a table. */
export function resultView({ targets }: PageData): HTMLElement {
  const [only] = targets
  return targets.length === 1 && only ? single(only) : several(targets)
}
