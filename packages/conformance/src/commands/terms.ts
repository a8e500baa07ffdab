import {
  endpoints,
  type OperationId,
  type ProfileName,
  profiles,
  type Surface,
  surfaces,
  type Trait,
  traits,
} from "@nexhina/schemas"
import { usualSurfaces } from "../options/options.ts"
import { requirementSetOn, requirementSets } from "../options/requirement-sets.ts"
import type { Probe } from "../probe.ts"
import { counted } from "../reading/counted.ts"
import { wrapped } from "../reports/layout.ts"
import { type Severity, severityOf } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import { completeFacts } from "../target/facts.ts"

/** What the words of a rule's sentence mean for a run. */
const severities: Readonly<Record<Severity, string>> = {
  MUST: "what the contract requires; a broken rule fails the run",
  SHOULD: "what the contract recommends; a broken rule is a warning, and fails the run only with --strict",
  MAY: "what the contract permits; what differs is shown, and never fails the run",
}

const profileNames = Object.keys(profiles) as ProfileName[]

function profileLines(name: ProfileName): string[] {
  const severitiesUnder = (profile: ProfileName) =>
    rules.map((rule) => severityOf(rule, completeFacts(profile)))
  const own = severitiesUnder(name)
  const count = (severity: string) => own.filter((each) => each === severity).length
  const others = profileNames.filter((each) => each !== name)
  return [
    `${name}: a profile`,
    wrapped(profiles[name].title, ""),
    "",
    wrapped(
      `${Object.keys(severities)
        .map((each) => `${count(each)} ${each}`)
        .join(", ")}; ${count("not-applicable")} do not apply`,
      "rules     ",
    ),
    ...others.flatMap((other) => {
      const theirs = severitiesUnder(other)
      const differing = rules.flatMap(({ id }, at) =>
        own[at] === theirs[at]
          ? []
          : [wrapped(`${id} (${own[at]}; under ${other}: ${theirs[at]})`, "  ", "    ")],
      )
      return ["", `rules that differ from those under ${other}`, ...differing]
    }),
    "",
    `try it    nexhina-conformance run --profile ${name}`,
  ]
}

const operationLine = (id: OperationId): string => {
  const { method, path, summary } = endpoints[id]
  return wrapped(`${method} ${path} (${id}): ${summary}`, "  ", "    ")
}

const operationIds = Object.keys(endpoints) as OperationId[]

function surfaceLines(name: Surface): string[] {
  const judging = rules.filter(({ on }) => on.surface === name)
  return [
    `${name}: a surface, a part of the API that a server offers or not as a whole`,
    ...(usualSurfaces.includes(name) ? [] : [wrapped("expensive, and checked only with --include", "")]),
    "",
    "operations",
    ...operationIds.filter((id) => endpoints[id].surface === name).map(operationLine),
    "",
    wrapped(`${counted(judging.length, "rule")} of its own, besides those for every response`, "rules     "),
    "",
    `try it    nexhina-conformance run --include ${name}`,
  ]
}

function traitLines(name: Trait): string[] {
  const changed = profileNames.flatMap((profile) => {
    const without = completeFacts(profile)
    const withTrait = { ...without, traits: new Set([name]) }
    return rules.flatMap((rule) => {
      const [usual, now] = [severityOf(rule, without), severityOf(rule, withTrait)]
      return usual === now ? [] : [`${rule.id}: ${now} under ${profile}, otherwise ${usual}`]
    })
  })
  return [
    `${name}: a trait, a known deviation of a target that is not a finding`,
    wrapped(traits[name], ""),
    ...(changed.length > 0
      ? ["", "what changes", ...changed.map((each) => wrapped(each, "  ", "    "))]
      : []),
    "",
    `try it    nexhina-conformance run --trait ${name}`,
  ]
}

function setLines(id: string): string[] {
  const set = requirementSetOn(id, new Date(`${id}-01`))
  const count = rules.filter((rule) => set.has(rule)).length
  return [
    `${id}: a set of requirements, published in that month`,
    wrapped(`It has ${count} of the ${counted(rules.length, "rule")} of this kit, and never changes.`, ""),
    "",
    `try it    nexhina-conformance run --requirements ${id}`,
  ]
}

/** The probes that have another id than the rule for which they are sent. */
const probes = new Map(
  rules
    .flatMap(({ on }) => on.probes)
    .filter(({ id }) => rules.every((rule) => rule.id !== id))
    .map((probe) => [probe.id, probe] as const),
)

function probeLines({ id, says, quick }: Probe): string[] {
  return [
    `${id}: a probe, a fixed request or several`,
    wrapped(says, ""),
    ...(quick ? [] : [wrapped("not sent with --quick", "")]),
  ]
}

/** Explanations of the names that options take and reports contain, except those of rules and findings. */
const explanations = new Map<string, () => string[]>([
  ...[...probes].map(([id, probe]) => [id, () => probeLines(probe)] as const),
  ...operationIds.map((id) => [id, () => [`${id}: an operation`, operationLine(id)]] as const),
  ...surfaces.map((name) => [name, () => surfaceLines(name)] as const),
  ...(Object.keys(traits) as Trait[]).map((name) => [name, () => traitLines(name)] as const),
  ...profileNames.map((name) => [name, () => profileLines(name)] as const),
  ...Object.keys(requirementSets).map((id) => [id, () => setLines(id)] as const),
  ...Object.entries(severities).map(
    ([name, means]) => [name, () => [wrapped(`${name}: ${means}`, "")]] as const,
  ),
])

/** The names that `explainTerm` knows. */
export const terms: readonly string[] = [...explanations.keys()]

/** Explains a profile, a surface, a trait, an operation, a probe, a set of requirements or a severity. */
export const explainTerm = (name: string): readonly string[] | undefined => explanations.get(name)?.()
