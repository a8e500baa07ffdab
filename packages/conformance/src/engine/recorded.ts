import type { ProfileName } from "@nexhina/schemas"
import { endpoints, type OperationId, profiles, type Surface, surfaces, type Trait } from "@nexhina/schemas"
import { createRedactor, credentialsIn, type Exchange, type RecordedRequest } from "@nexhina/wire"
import { baseUrlOf, type Evidence, evidenceOf } from "../evidence.ts"
import { otherClients, type RecordedPart } from "../inputs/recorded-samples.ts"
import type { EndLine, FactsLine, RunLine, SampleLine } from "../inputs/run-line.ts"
import { UsageError } from "../options/options.ts"
import { type RequirementSet, requirementsOf } from "../options/requirement-sets.ts"
import { counted } from "../reading/counted.ts"
import type { Finding } from "../reports/report.ts"
import { isModelDependent, type Rule, type Severity, severityOf } from "../rule.ts"
import { rules as allRules } from "../rules/rules.ts"
import type { ExecutedSample } from "../target/execute.ts"
import { factsBefore, type TargetFacts } from "../target/facts.ts"
import { findingOf } from "./finding.ts"
import { exchangesOf } from "./finding-exchanges.ts"
import { findingId } from "./finding-id.ts"
import { type Detection, withPrerequisites } from "./judge.ts"
import type { Ledger } from "./ledger.ts"
import { type Plan, planOf } from "./plan.ts"
import { replayOf } from "./replay.ts"
import {
  confirmedFinding,
  createLedger,
  type Judgement,
  judgementOf,
  judgementOfNothing,
  verdictBySeverity,
} from "./results.ts"
import { Sent } from "./sent.ts"
import { idIn, repeatOf } from "./shrink.ts"
import { feedersOf, type VerdictOutcome } from "./verdict.ts"

/** How recorded traffic is judged, where the recording does not say so. */
export interface RecordedOptions {
  /** The selected rules. Default: those of the recorded run, otherwise all. */
  readonly rules?: readonly Rule[] | undefined
  readonly profile?: ProfileName | undefined
  readonly traits: readonly Trait[]
  readonly include?: readonly Surface[] | undefined
  readonly require: readonly Surface[]
  /** Set of requirements. Default: that of the recorded run, otherwise all rules. */
  readonly requirements?: RequirementSet | undefined
  /** Command that judges the same again, for findings on requests of other clients. */
  readonly again: string
  /** Called with each finding when it is seen first. */
  readonly onFinding?: ((finding: Finding) => void) | undefined
}

/** What is known of a finding from requests that were sent again. */
interface Repeats {
  smaller?: Finding
  isContradicted: boolean
}

/** Maximum number of findings of which repeated requests are judged. */
const maxRepeats = 10_000

/** Everything that is created when the facts about the target are known. */
interface Judging {
  /** The selected rules, also those of surfaces that are not judged. */
  readonly rules: readonly Rule[]
  readonly plan: Plan
  readonly known: TargetFacts
  readonly ledger: Ledger
  readonly judged: readonly Rule[]
  readonly describe: (found: Detection, severity: Severity) => Finding
}

/** Maximum number of credentials that are kept (chosen). */
const maxSecrets = 1_000

/** Maximum number of samples that wait for the facts about the target. */
const maxWaiting = 64

/** Judges recorded exchanges as they are read, by the same rules and with the same ledger as a run. */
export class RecordedJudging {
  private readonly options: RecordedOptions
  private readonly sent = new Sent()
  private readonly repeats = new Map<string, Repeats>()
  private readonly shown = new Set<string>()
  /** Credentials of other clients' requests, for texts of the report. */
  private readonly secrets = new Set<string>()
  /** Base URLs of the requests of other clients. */
  private readonly bases = new Set<string>()
  private waiting: Extract<RecordedPart, { kind: "sample" }>[] = []
  private judging: Judging | undefined
  private others = 0
  /** Samples that every shard of a run sends before it knows its target. */
  private readonly learning = new Set<string>()
  private isLearning = false
  readonly runs: RunLine[] = []
  readonly ends: EndLine[] = []
  /** Number of exchanges that were judged. */
  exchanges = 0
  /** Number of exchanges that belong to no operation of the API. */
  private unrelated = 0
  /** Number of exchanges of other clients on surfaces that are not to be judged. */
  private excluded = 0

  constructor(options: RecordedOptions) {
    this.options = options
  }

  /** Adds the line with which a recorded run begins. */
  run(line: RunLine): void {
    const [first] = this.runs
    this.runs.push(line)
    this.isLearning = true
    for (const base of this.bases) requireSameServer(line, base)
    if (!first) return
    // The built-in mock server has another address in each run.
    const isSameServer = first.embedded === true && line.embedded === true
    const [is, one, two] =
      isSameServer || first.target === line.target
        ? ["are of different profiles", first.profile, line.profile]
        : ["asked different targets", first.target, line.target]
    if (one !== two)
      throw new UsageError(
        `the recorded runs ${is} (${one} and ${two}): check each by itself, and compare their JSON reports with merge`,
      )
  }

  /** Adds what a recorded run has learned. */
  facts(line: FactsLine): void {
    this.isLearning = false
    if (!this.judging) this.begin(line)
  }

  end(line: EndLine): void {
    this.ends.push(line)
  }

  /** Adds a sample of a recorded run. */
  sample(part: Extract<RecordedPart, { kind: "sample" }>): void {
    const { by, index } = part.executed.sample
    const key = `${by}[${index}]`
    if (this.isLearning && this.runs.length <= 1) this.learning.add(key)
    // Another shard has sent the same.
    else if (this.isLearning && this.learning.has(key)) return
    if (this.judging) this.judge(part, this.judging)
    else {
      this.waiting.push(part)
      if (this.waiting.length > maxWaiting) this.begin()
    }
  }

  /** Adds a request of a client that did not record its intent. */
  other(exchange: Exchange): void {
    this.otherEvidence(evidenceOf(exchange))
  }

  /** Adds the same as evidence. */
  otherEvidence(evidence: Evidence): void {
    const operation = evidence.operation.value
    // Also of what is not judged: a server may repeat the key in a response that is.
    this.keepSecrets(evidence.request)
    if (operation === undefined) this.unrelated++
    else if (this.options.include?.includes(endpoints[operation].surface) === false) this.excluded++
    else this.judgeOther(evidence, operation)
  }

  /** Whether no exchange was read, and no run that explains why. */
  get isEmpty(): boolean {
    return this.exchanges === 0 && this.unrelated === 0 && this.excluded === 0 && !this.nothingJudged
  }

  /** Which exchanges were not judged, in sentences. */
  get notes(): string[] {
    const says = (count: number, which: string) =>
      count > 0 ? [`not judged: ${counted(count, "exchange")} ${which}`] : []
    return [
      ...says(this.unrelated, "that no operation of the API matches"),
      ...says(this.excluded, "on surfaces that --include leaves out"),
    ]
  }

  private judgeOther(evidence: Evidence, operation: OperationId): void {
    this.others++
    this.keepBase(evidence.request)
    const index = this.others - 1
    // Not by a spread: its readings become a member (see CONTRIBUTING).
    const exchange: Evidence = Object.assign({}, evidence, { id: String(this.others) })
    const executed: ExecutedSample = {
      sample: { by: otherClients, index, asks: [] },
      asked: [{ exchange, step: { operation } }],
    }
    if (!this.judging) this.begin()
    if (this.judging) this.judge({ kind: "sample", executed }, this.judging)
  }

  private keepBase(request: RecordedRequest): void {
    const base = request.target.startsWith("file:") ? undefined : baseUrlOf(request)
    if (base === undefined || this.bases.has(base)) return
    const [run] = this.runs
    if (run) requireSameServer(run, base)
    if (this.bases.size < 10) this.bases.add(base)
  }

  /** Keeps the credentials of the headers and the address: a server may repeat them in a later response. */
  private keepSecrets({ headers, target }: RecordedRequest): void {
    if (this.secrets.size >= maxSecrets) return
    const request = { method: "", target, headers, body: new Uint8Array(), sentAtMs: 0 }
    for (const secret of credentialsIn({ request })) this.secrets.add(secret)
  }

  /** The set of requirements that counts: that of the options, otherwise that of the recorded run. */
  get requirements(): RequirementSet | undefined {
    return this.options.requirements ?? requirementsOf(this.runs[0])
  }

  private begin(line?: FactsLine): void {
    const { options, runs } = this
    const known = this.knownOf(line)
    const [run] = runs
    const ids = run?.rules && new Set(run.rules)
    const { requirements } = this
    const rules = (options.rules ?? allRules).filter(
      (rule) => (ids?.has(rule.id) ?? true) && (requirements?.has(rule) ?? true),
    )
    const plan = planOf(
      {
        rules,
        include: [...known.included],
        probes: () => true,
        samples: () => 0,
        seed: run?.seed ?? 0,
      },
      known,
    )
    const describe = (found: Detection, severity: Severity) => this.describe(found, severity, known)
    const judged = withPrerequisites(plan.applicable, allRules)
    this.judging = { rules, plan, known, judged, describe, ledger: createLedger(plan, known, describe) }
    const { waiting } = this
    this.waiting = []
    for (const part of waiting) this.judge(part, this.judging)
  }

  private knownOf(line: FactsLine | undefined): TargetFacts {
    const { profile, traits, include, require } = this.options
    const [run] = this.runs
    const name = profile ?? line?.profileName ?? run?.profile ?? "nexhina"
    const before = factsBefore(name, {
      traits: new Set([...(line?.traits ?? run?.traits ?? []), ...traits]),
      deterministic: line?.deterministic ?? run?.deterministic ?? false,
      included: new Set(include ?? line?.included ?? run?.include ?? surfaces),
      required: new Set([...(line?.required ?? run?.require ?? []), ...require]),
    })
    if (!line) return before
    const { auth, models, unproven, choices, voice, listed, absent, maxOutputTokens, oversizedBytes } = line
    return {
      ...before,
      profile: profiles[name],
      auth,
      models: { ...before.models, ...models },
      unproven: new Set(unproven),
      choices,
      voice,
      listed,
      absent: new Set(absent),
      maxOutputTokens,
      ...(oversizedBytes !== undefined && { oversizedBytes }),
    }
  }

  private judge({ executed, repeats }: Extract<RecordedPart, { kind: "sample" }>, judging: Judging): void {
    this.exchanges += executed.asked.length
    if (repeats) this.repeat(executed, repeats, judging)
    else {
      this.sent.add(executed)
      judging.ledger.add(executed, () => undefined)
    }
  }

  /** Judges a sample that was sent because of a finding. */
  private repeat(
    executed: ExecutedSample,
    { rule, finding, purpose }: NonNullable<SampleLine["repeats"]>,
    { judged, known, describe }: Judging,
  ): void {
    const repeats = this.repeats.get(finding) ?? { isContradicted: false }
    if (this.repeats.size >= maxRepeats) return
    this.repeats.set(finding, repeats)
    const id = purpose === "smaller" ? finding : finding.replace(/[#~].*$/, "")
    const { again, answered } = repeatOf(executed, { rules: judged, known, rule, idOf: idIn(purpose), id })
    const severity = again && severityOf(again.rule, known)
    if (purpose === "again") repeats.isContradicted ||= !again && answered
    else if (again && severity !== undefined && severity !== "not-applicable")
      repeats.smaller = describe(again, severity)
  }

  private describe(found: Detection, severity: Severity, known: TargetFacts): Finding {
    const [run] = this.runs
    const { sample, asked } = found.executed
    const isOther = sample.by === otherClients
    const secrets = isOther
      ? [...this.secrets, ...asked.flatMap(({ exchange }) => credentialsIn(exchange))]
      : []
    const again = `${this.options.again} --rule ${found.rule.id}`
    const redactor = createRedactor(secrets)
    const isChance = isOther && !known.deterministic && isModelDependent(found.rule, found.fault)
    const made = findingOf(found, {
      known,
      severity,
      verdict: isChance ? "flaky" : verdictBySeverity[severity],
      times: 1,
      foundAfter: Number(found.exchange.id),
      redactor,
      target: { apiKey: undefined },
      replay: (each) =>
        isOther || !run
          ? again
          : replayOf(each, { given: run.replay, rules: allRules, seed: run.seed, known }),
    })
    const finding = { ...made, exchanges: exchangesOf(found, redactor) }
    if (this.options.onFinding && !this.shown.has(finding.id)) {
      this.shown.add(finding.id)
      this.options.onFinding(finding)
    }
    return finding
  }

  /**
   * Why the recorded run could judge nothing, and whether its target answered: a run that learned nothing of its target
   * has no facts.
   */
  get nothingJudged(): { readonly reason: string; readonly isAnswered: boolean } | undefined {
    const reason = this.ends.find(({ incomplete }) => incomplete !== undefined)?.incomplete
    if (this.judging || this.waiting.length === 0 || reason === undefined) return undefined
    const asked = this.waiting.flatMap(({ executed }) => executed.asked)
    return { reason, isAnswered: asked.some(({ exchange }) => exchange.response !== undefined) }
  }

  /** Concludes on a run that could judge nothing. */
  private conclusionOfNothing(reason: string): RecordedConclusion {
    const { waiting } = this
    this.waiting = []
    this.begin()
    for (const { executed } of waiting) {
      this.exchanges += executed.asked.length
      this.sent.add(executed)
    }
    const { rules, known } = this.judging as Judging
    const judgement = judgementOfNothing(rules, known, reason)
    return { rules, known, sent: this.sent, judgement, bases: [] }
  }

  /** Concludes on everything that was added. */
  async conclusion(): Promise<RecordedConclusion> {
    const nothing = this.nothingJudged
    if (nothing) return this.conclusionOfNothing(nothing.reason)
    if (!this.judging) this.begin()
    const { rules, known, plan, ledger } = this.judging as Judging
    const judgement = await judgementOf(plan, ledger, {
      known,
      sent: this.sent,
      redactor: createRedactor([...this.secrets]),
      confirm: async (found, severity, judged) => {
        const repeats = this.repeats.get(findingId(found.simplest))
        const isOther = found.simplest.executed.sample.by === otherClients
        // The requests of other clients are not sent again. A fault of every one of several replies is not chance.
        const isSeenAgain = isOther
          ? found.exchanges > 1 && found.exchanges === judged
          : !repeats?.isContradicted
        const confirmed = found.simplest.rule.scope === "run" || isSeenAgain
        return confirmedFinding(found, severity, {
          known,
          shown: repeats?.smaller ?? found.finding,
          confirmed,
        })
      },
      revise: (outcome, rule) => this.revised(outcome, rule),
    })
    return { rules, known, sent: this.sent, judgement, bases: [...this.bases] }
  }

  /** What was not asked for and could not be judged is not-run. */
  private revised(outcome: VerdictOutcome, rule: Rule): VerdictOutcome {
    if (this.others === 0 || feedersOf(rule).some((by) => this.sent.by(by))) return outcome
    const { verdict, reason = "" } = outcome
    if (verdict === "inconclusive") return { verdict: "not-run", reason }
    if (verdict !== "not-run") return outcome
    const why =
      rule.scope === "group"
        ? "it compares requests that only the kit sends"
        : `nothing recorded is one of its kind (${rule.on.says})`
    return { verdict, reason: why }
  }
}

/** The judgement of recordings, and what it is based on. */
export interface RecordedConclusion {
  readonly rules: readonly Rule[]
  readonly known: TargetFacts
  readonly sent: Sent
  readonly judgement: Judgement
  /** Base URLs of the requests of other clients. */
  readonly bases: readonly string[]
}

/** Returns a base URL without what may differ for one server: its user, password, case, and the slash at the end. */
function addressOf(target: string): string | undefined {
  if (!URL.canParse(target)) return undefined
  const url = new URL(target)
  const host = url.host.replace(/^(?:localhost|\[::1\])(?=:|$)/, "127.0.0.1")
  return `${url.protocol}//${host}${url.pathname.replace(/\/+$/, "")}`
}

/**
 * Requires that a different client asked the target of a run, where both are known: the verdict is about the target. The
 * built-in mock server has a different address in each run.
 * @throws {UsageError} with both addresses.
 */
function requireSameServer({ target, embedded }: RunLine, base: string): void {
  const [given, found] = [addressOf(target), addressOf(base)]
  if (embedded === true || given === undefined || found === undefined || given === found) return
  throw new UsageError(
    `a recorded run and a recorded client asked different targets (${target} and ${base}): check each by itself, and compare their JSON reports with merge`,
  )
}
