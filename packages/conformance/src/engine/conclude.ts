import { endpoints, type Surface, surfaces } from "@nexhina/schemas"
import { isRedirect } from "../evidence.ts"
import type { RequirementSet } from "../options/requirement-sets.ts"
import { type Outcome, type Report, type RuleResult, type Verdict, verdictNames } from "../reports/report.ts"
import { type Rule, severityOf } from "../rule.ts"
import { rules as allRules } from "../rules/rules.ts"
import type { TargetFacts } from "../target/facts.ts"
import { modelKinds, modelOption, operationsOfKinds } from "../target/models.ts"
import { isWithin } from "../view.ts"
import type { Sent } from "./sent.ts"

/** What a run selected and sent. */
export interface Coverage {
  readonly selected: readonly Rule[]
  /** The requirements that have to be selected for a proof. Default: every rule of the kit. */
  readonly requirements?: Pick<RequirementSet, "has">
  readonly include: readonly Surface[]
  readonly known: TargetFacts
  readonly sent: Sent
  /** Base URL of the target. Default: unknown. */
  readonly target?: string
  /** Ids of the rules that the run asked for and could not judge. */
  readonly open: ReadonlySet<string>
  /** Whether it sent only a share of the samples of a run. Default: no. */
  readonly isPart?: boolean
  /** Why the run ended early, other than by a budget. */
  readonly stopped: string | undefined
}

/** The share of MUST rules that may stay undecided in a run that is complete (chosen). */
const maxUndecidedShare = 0.1

/** Returns whether every required MUST rule of the included surfaces was selected. */
function isWhole({ selected, requirements, include, known }: Coverage): boolean {
  return allRules.every(
    (rule) =>
      selected.includes(rule) ||
      requirements?.has(rule) === false ||
      !isWithin(rule.on.surface, include) ||
      severityOf(rule, known) !== "MUST",
  )
}

/** Returns what may be wrong with a base URL under which nothing is found. */
function baseUrlRemedy(target: string): string {
  const path = URL.canParse(target) ? new URL(target).pathname : ""
  if (/\/v\d\w*$/.test(path)) return "is the base URL that of the API?"
  return /\/v\d\w*\//.test(path)
    ? "the base URL must end with the version, such as /v1, without the path of an endpoint"
    : "does the base URL lack /v1?"
}

/** Returns the base URL that makes the address to which a request was redirected, if there is one. */
function redirectedBase(
  { path, location }: NonNullable<Sent["redirect"]>,
  target: string,
): string | undefined {
  const address = URL.canParse(location, target) ? new URL(location, target) : undefined
  if (!address || !/^https?:/.test(address.protocol) || !address.pathname.endsWith(path)) return undefined
  return `${address.origin}${address.pathname.slice(0, -path.length)}`
}

/** Returns why no surface answered, with the remedy where the replies suggest one. */
function silenceOf({ statuses, redirect }: Sent, target: string): string {
  const answers = [...statuses].filter((each) => each !== undefined)
  const [status] = answers
  if (status === undefined) return "no request was answered"
  const isPartly = statuses.has(undefined)
  const redirectedTo = redirect && redirectedBase(redirect, target)
  if (redirectedTo !== undefined && !isPartly && answers.every(isRedirect))
    return `every request was redirected (${answers.join(", ")}), which the kit does not follow: is ${redirectedTo} the base URL?`
  if (statuses.size > 1)
    return `no request was answered with 2xx, but with ${answers.join(", ")}${isPartly ? ", or not at all" : ""}`
  const remedies: Readonly<Record<number, string>> = {
    404: baseUrlRemedy(target),
    401: "is the API key valid?",
    403: "may the API key use this target?",
    429: "wait, or lower --rate and --concurrency",
  }
  const remedy = remedies[status]
  return `every request was answered ${status}${remedy ? `: ${remedy}` : ""}`
}

/** Verdicts of rules that were not asked for, unless they are open. */
const notJudged: ReadonlySet<Verdict> = new Set(["unsupported", "not-applicable", "not-run"])

/** Returns why the MUST rules of the surfaces that answered were not judged, if too few of them were. */
function gapOf(
  results: readonly RuleResult[],
  open: ReadonlySet<string>,
  answered: ReadonlySet<Surface>,
): string | undefined {
  const musts = results.filter(
    // The report has the surface of the rule as text.
    ({ severity, surface }) =>
      severity === "MUST" && isWithin(surface as Rule["on"]["surface"], [...answered]),
  )
  const undecided = musts.filter(({ id }) => open.has(id))
  const asked = musts.filter(({ id, verdict }) => open.has(id) || !notJudged.has(verdict))
  if (undecided.length <= maxUndecidedShare * asked.length) return undefined
  const [example] = undecided
  return `${undecided.length} of ${asked.length} MUST rules could not be judged (${example?.id}: ${example?.reason})`
}

/** Returns the options that name the models of some surfaces. */
const modelOptionsOf = (silent: readonly Surface[]): string[] => [
  ...new Set(
    modelKinds
      .filter((kind) =>
        operationsOfKinds(new Set([kind])).some((operation) => silent.includes(endpoints[operation].surface)),
      )
      .map(modelOption),
  ),
]

/**
 * Returns why surfaces that the target seems to offer were not judged: they answered, and never with 2xx. Such a surface
 * is a gap however few its rules are, unless one of them is broken, which is the answer.
 */
function silentSurfaces(
  results: readonly RuleResult[],
  { include, open, sent }: Coverage,
): string | undefined {
  const silent = include.filter((surface) => {
    const ofSurface = results.filter((result) => result.surface === surface && result.severity === "MUST")
    return (
      sent.statusesOn.has(surface) &&
      !sent.answered.has(surface) &&
      ofSurface.some(({ id, verdict }) => verdict === "inconclusive" && open.has(id)) &&
      !ofSurface.some(({ verdict }) => verdict === "fail" || verdict === "waived")
    )
  })
  if (silent.length === 0) return undefined
  const statuses = [...new Set(silent.flatMap((surface) => [...(sent.statusesOn.get(surface) ?? [])]))]
  const options = modelOptionsOf(silent)
  const isAboutModel = options.length > 0 && statuses.some((status) => status === 404 || status === 400)
  const remedy = isAboutModel
    ? `: does the target serve this model? Name another with ${options.join(", ")}`
    : ""
  return `no valid request to ${silent.join(", ")} was answered with 2xx, but with ${statuses.join(", ")}${remedy}`
}

/** Returns why the evidence is not enough for a verdict, if it is not. */
function incompleteness(results: readonly RuleResult[], coverage: Coverage): string | undefined {
  const { stopped, sent } = coverage
  if (stopped !== undefined) return stopped
  if (sent.answered.size === 0) return silenceOf(sent, coverage.target ?? "")
  if (sent.isWebSite)
    return `every request was answered with a web page: ${baseUrlRemedy(coverage.target ?? "")}`
  return silentSurfaces(results, coverage) ?? gapOf(results, coverage.open, sent.answered)
}

/**
 * Counts the verdicts and decides the outcome. A MUST rule that is broken makes the target not conformant, however
 * little else was judged; without one, evidence with gaps makes the run incomplete.
 */
export function conclude(
  results: readonly RuleResult[],
  coverage: Coverage,
): Pick<Report, "outcome" | "reason" | "conformant" | "answered" | "summary"> {
  const summary = Object.fromEntries(
    verdictNames.map((name) => [name, results.filter(({ verdict }) => verdict === name).length]),
  ) as Record<Verdict, number>
  const musts = results.filter(({ severity }) => severity === "MUST")
  const isBroken = musts.some(({ verdict }) => verdict === "fail")
  const reason = incompleteness(results, coverage)
  const outcome: Outcome = isBroken ? "not-conformant" : reason === undefined ? "conformant" : "incomplete"
  // A run that leaves out a MUST rule or samples can find faults, but it cannot prove conformance.
  const isProven =
    isWhole(coverage) && coverage.isPart !== true && musts.every(({ verdict }) => verdict === "pass")
  return {
    outcome,
    ...(reason !== undefined && { reason }),
    conformant: isBroken ? false : outcome === "conformant" && isProven ? true : null,
    answered: surfaces.filter((surface) => coverage.sent.answered.has(surface)),
    summary,
  }
}
