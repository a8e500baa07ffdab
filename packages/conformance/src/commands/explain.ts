import { bodyOf, type Exchange, headerOf } from "@nexhina/wire"
import { problemOfId } from "../baselines/baseline.ts"
import { shellWord } from "../engine/curl.ts"
import { findingIdParts } from "../engine/finding-id.ts"
import { evidenceOf } from "../evidence.ts"
import type { Intent } from "../inputs/intent.ts"
import { nearestName } from "../options/nearest-name.ts"
import { settingsOf, UsageError } from "../options/options.ts"
import { ascii, block, clipped, wrapped } from "../reports/layout.ts"
import { BaselineResult, outcomes, verdicts } from "../reports/report.ts"
import { terminalLines } from "../reports/terminal-text.ts"
import { type Rule, type Severity, severityOf } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import { run } from "../run.ts"
import { completeFacts, factsBefore } from "../target/facts.ts"
import { isUtf8, print } from "./report-output.ts"
import { explainTerm, terms } from "./terms.ts"

/** The two profiles, the kit's own first. */
const profileNames = ["nexhina", "openai"] as const

/** The thread's repository, as GitHub writes it. */
const repositoryOf = (thread: string) => /^https:\/\/github\.com\/([^/]+\/[^/]+)\//.exec(thread)?.[1]

/** Returns which findings of a rule depend on what a model chose to say, as the subject of a sentence. */
const chancesOf = ({ modelDependent }: Rule): string =>
  Array.isArray(modelDependent) ? `${modelDependent.join(", ")} count only if` : "counts only if"

/** Returns the severity of a rule under each profile, without traits. */
function severityText(rule: Rule): string {
  const under = profileNames.map((name) => severityOf(rule, completeFacts(name)))
  const [first, second] = under
  if (first === second) return `${first} under both profiles`
  return profileNames
    .map((name, at) => `${under[at] satisfies Severity | "not-applicable" | undefined} under ${name}`)
    .join(", ")
}

/** Finds an exchange of the built-in mock server that keeps a rule: one that the rule judges, and finds nothing in. */
async function exampleOf(rule: Rule): Promise<Exchange | undefined> {
  const isWanted = rule.scope === undefined || rule.scope === "exchange"
  if (!isWanted) return undefined
  for (const profile of profileNames) {
    const known = factsBefore(profile)
    if (severityOf(rule, known) === "not-applicable") continue
    let found: Exchange | undefined
    const onExchange = (exchange: Exchange, intent: Intent) => {
      if (found) return
      const { id: _, fact: __, ...stated } = intent
      const evidence = evidenceOf(exchange, stated)
      const reading = rule.on.of(evidence)
      const faults = reading === undefined ? undefined : rule.holds(reading as never, known)
      if (Array.isArray(faults) && faults.length === 0) found = exchange
    }
    await run(settingsOf({ profile, rule: [rule.id], runs: 1, include: "all" }), { onExchange })
    if (found) return found
  }
  return undefined
}

/** Maximum number of characters of a body in an example. */
const maxBody = 800
const lenientUtf8 = new TextDecoder()

/** Returns a body as text, of a long one the beginning and the end. */
function excerptOf(bytes: Uint8Array): string {
  const text = terminalLines(lenientUtf8.decode(bytes))
  return text.length <= maxBody ? text : `${text.slice(0, (3 * maxBody) / 4)} … ${text.slice(-maxBody / 4)}`
}

function exampleLines({ request, response }: Exchange): string[] {
  const type = headerOf(response?.headers ?? [], "content-type")
  const body = response ? excerptOf(bodyOf({ response })) : ""
  const sent = excerptOf(request.body)
  return [
    "",
    "an example that keeps it, from the built-in mock server",
    `  ${request.method} ${new URL(request.target, "http://localhost").pathname}`,
    ...(sent ? [block(sent, "    > ")] : []),
    `  ${response?.status ?? "no response"}${type === undefined ? "" : ` ${type}`}`,
    ...(body ? [block(body.trimEnd(), "    < ")] : []),
  ]
}

/** Returns what each fault of a rule is: the ways to break it. */
function faultLines({ faults }: Rule, only: string | undefined): string[] {
  const shown = Object.entries(faults).filter(([name]) => only === undefined || name === only)
  return [
    "",
    only === undefined ? "what breaks it" : "how it was broken",
    ...shown.map(([name, means]) => wrapped(`${name}: ${means}`, "  ", "    ")),
  ]
}

async function ruleLines(rule: Rule, fault: string | undefined): Promise<string[]> {
  const threads = rule.see ?? []
  const repositories = [...new Set(threads.flatMap((thread) => repositoryOf(thread) ?? []))]
  const example = await exampleOf(rule)
  return [
    rule.id,
    wrapped(rule.says, ""),
    "",
    wrapped(rule.source, "source    "),
    wrapped(severityText(rule), "severity  "),
    `since     ${rule.since}`,
    wrapped(rule.on.says, "looks at  "),
    ...(rule.after ? [wrapped(rule.after.join(", "), "rests on  ")] : []),
    ...(rule.modelDependent
      ? [
          wrapped(
            `${chancesOf(rule)} seen again on the same request, or in each of several recorded replies`,
            "depends   ",
          ),
        ]
      : []),
    ...faultLines(rule, fault),
    ...(example ? exampleLines(example) : []),
    ...(threads.length > 0
      ? [
          "",
          wrapped(repositories.join(", "), "reported in         "),
          ...threads.map((thread) => `  ${thread}`),
        ]
      : []),
    "",
    `try it    nexhina-conformance run --rule ${rule.id}`,
  ]
}

/** The words of a report that are not ids. */
const words: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(BaselineResult.shape).flatMap(([list, { description }]) =>
      description === undefined ? [] : [[list, description]],
    ),
  ),
  ...verdicts,
  ...outcomes,
}

const shown = (id: string) => clipped(terminalLines(id))

function unknownId(id: string): UsageError {
  const causes = rules.flatMap((rule) => Object.keys(rule.faults).map((fault) => `${rule.id}:${fault}`))
  const names = [...rules.map((rule) => rule.id), ...Object.keys(words), ...terms, ...causes]
  const nearest = nearestName(id, names)
  const hint = nearest === undefined ? "" : ` Did you mean '${nearest}'?`
  return new UsageError(
    `no rule, cause, finding, word of a report or name that an option takes is called '${shown(id)}'.${hint} 'nexhina-conformance rules' lists the rules; docs/defects.md explains the defects of the mock server`,
  )
}

/**
 * Explains a rule, a cause (`rule:fault`), a finding, a word of a report such as a verdict, or a name that an option
 * takes such as a profile, as text of 80 columns.
 * @throws {UsageError} for an unknown id, with the one that is probably meant.
 */
export async function explain(id: string): Promise<string> {
  if (Object.hasOwn(words, id)) return `${wrapped(`${id}: ${words[id]}`, "")}\n`
  const term = explainTerm(id)
  if (term) return `${term.join("\n")}\n`
  if (/^[^:@]*\*/.test(id))
    throw new UsageError(
      `explain takes one id, and '${shown(id)}' is a pattern; 'nexhina-conformance rules ${shellWord(shown(id))}' lists the rules that match`,
    )
  const problem = id.includes("@") ? problemOfId(id) : undefined
  if (problem !== undefined) throw new UsageError(terminalLines(problem))
  const [ruleId, fault, more] = id.split("@", 1)[0]?.split(":") ?? []
  const rule = rules.find((each) => each.id === ruleId)
  if (!rule || more !== undefined || (fault !== undefined && !Object.hasOwn(rule.faults, fault)))
    throw unknownId(id)
  const parts = findingIdParts(id)
  const about = parts && [
    "",
    wrapped(parts.operation, "on        "),
    ...(parts.pointer ? [wrapped(parts.pointer.slice(1), "member of the reply    ")] : []),
    ...(parts.member ? [wrapped(parts.member.slice(1), "member of the request  ")] : []),
  ]
  return `${[...(await ruleLines(rule, fault)), ...(about ?? [])].join("\n")}\n`
}

/** Carries out `explain`, and returns its exit code. */
export async function explainCommand(id: string): Promise<number> {
  const text = await explain(id)
  await print(isUtf8 ? text : ascii(text))
  return 0
}
