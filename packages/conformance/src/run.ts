import { X509Certificate } from "node:crypto"
import { setMaxListeners } from "node:events"
import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { type ModelKind, type Surface, surfaces } from "@nexhina/schemas"
import { createSend, type Exchange, type Sender } from "@nexhina/wire"
import { openBaseline, settle } from "./baselines/settle.ts"
import { startEmbedded } from "./embedded.ts"
import { checkTarget } from "./engine/check-target.ts"
import { type Count, countsOf, plannedRules, planOf, planShare, type Selection } from "./engine/plan.ts"
import { fileErrorText } from "./files/file-error.ts"
import type { Intent } from "./inputs/intent.ts"
import type { RunLines } from "./inputs/run-line.ts"
import { limits } from "./limits.ts"
import { matches, type Settings, UsageError, usualSurfaces } from "./options/options.ts"
import { replayArguments } from "./options/replay-arguments.ts"
import { type RequirementSet, requirementSetOn } from "./options/requirement-sets.ts"
import type { Report } from "./reports/report.ts"
import type { Rule } from "./rule.ts"
import { rules as allRules } from "./rules/rules.ts"
import { offersRequired } from "./rules/surfaces.ts"
import { factsBefore, type TargetFacts } from "./target/facts.ts"
import { chooseModels } from "./target/models.ts"
import { proxyFor } from "./target/proxy.ts"
import type { Progress } from "./target/sampler.ts"
import { type Target, toWire } from "./target/to-wire.ts"
import { waitForTarget } from "./target/wait.ts"
import { isWithin } from "./view.ts"

/** Callbacks of a run in progress. */
export interface RunEvents {
  readonly onExchange?: (exchange: Exchange, intent: Intent) => void
  /** Called with the other facts of a transcript: what the run is asked to do, what it learned, which requests belong together. */
  readonly onLine?: (line: RunLines) => void
  readonly onProgress?: (progress: Progress) => void
  /** Called after each sample that was judged with the size of its response bodies, in bytes. */
  readonly onJudged?: (bytes: number) => void
  /** Called once when the target is not ready and the settings say to wait for it, with the reason, such as `503`. */
  readonly onWait?: (reason: string) => void
  /** Interrupts the run when it aborts: what was sent is judged. Its reason is the sentence for the report. */
  readonly interrupt?: AbortSignal
}

/** The rules of a set of requirements that `--rule` and `--skip` leave, and the one that `--require` asks for. */
export function selectRules(
  settings: Pick<Settings, "rule" | "skip"> & Partial<Pick<Settings, "require">>,
  requirements: Pick<RequirementSet, "has"> = { has: () => true },
): Rule[] {
  for (const pattern of [...settings.rule, ...settings.skip]) {
    if (!allRules.some(({ id }) => matches(pattern, id))) {
      throw new UsageError(`no rule matches '${pattern}'; 'nexhina-conformance rules' lists them`)
    }
  }
  const any = (patterns: readonly string[], id: string) => patterns.some((pattern) => matches(pattern, id))
  const selected = allRules
    .filter((rule) => requirements.has(rule))
    .filter(({ id }) => any(settings.rule, id) && !any(settings.skip, id))
  if (selected.length === 0) throw new UsageError("--rule and --skip leave no rule to check")
  // What --require asks for is checked whatever else is.
  const isAsked = (rule: Rule) => (settings.require ?? []).length > 0 && rule.id === offersRequired.id
  return allRules.filter((rule) => selected.includes(rule) || isAsked(rule))
}

/** The option that names the model of each kind. */
const modelOptions = {
  chat: "model",
  embedding: "embeddingModel",
  image: "imageModel",
  speech: "speechModel",
  transcription: "transcriptionModel",
  video: "videoModel",
  moderation: "moderationModel",
  rerank: "rerankModel",
} as const satisfies Record<ModelKind, keyof Settings>

/** Returns the models that the settings name, by kind. */
function modelsOf(settings: Settings): Partial<Record<ModelKind, string>> {
  return Object.fromEntries(
    Object.entries(modelOptions).flatMap(([kind, option]) => {
      const model = settings[option]
      return model === undefined ? [] : [[kind, model]]
    }),
  )
}

/** The surfaces that are checked: those that are included, and those that are required. */
const includedOf = ({ include, require, baseUrl }: Settings): readonly Surface[] => {
  const included = include ?? (baseUrl === undefined ? surfaces : usualSurfaces)
  return surfaces.filter((surface) => included.includes(surface) || require.includes(surface))
}

/** How long a body has to be for the target to refuse it, where that was said. */
function oversizedOf({ oversizedBody }: Settings): { readonly oversizedBytes?: number } {
  return oversizedBody === undefined ? {} : { oversizedBytes: Math.ceil(oversizedBody * 2 ** 20) }
}

/** Throws a `UsageError` when every selected rule is about a surface that is not checked. */
function requireIncluded(rules: readonly Rule[], include: readonly Surface[]): void {
  if (rules.some(({ on }) => isWithin(on.surface, include))) return
  const needed = surfaces.filter((surface) => rules.some(({ on }) => isWithin(on.surface, [surface])))
  throw new UsageError(
    `--rule selects only rules of surfaces that this run does not check; add --include ${needed.join(",")}`,
  )
}

/** What the settings select. */
function selectionOf(settings: Settings, requirements: RequirementSet): Selection {
  const rules = selectRules(settings, requirements)
  const include = includedOf(settings)
  requireIncluded(rules, include)
  return {
    rules,
    include,
    probes: (probe) => !settings.quick || probe.quick === true,
    // A surface that has to be there is asked for in the quickest run.
    samples: ({ id }) => (settings.quick ? Number(id === offersRequired.id) : settings.runs),
    seed: settings.seed,
    shard: settings.shard,
  }
}

/** What is known of the target without asking: models that it lists are not. */
function factsOf(settings: Settings): TargetFacts {
  return {
    ...factsBefore(settings.profile, {
      traits: new Set(settings.trait),
      auth: "required",
      deterministic: settings.deterministic || settings.baseUrl === undefined,
      included: new Set(includedOf(settings)),
      required: new Set(settings.require),
      maxOutputTokens: settings.maxOutputTokens,
      voice: settings.voice,
      ...oversizedOf(settings),
    }),
    models: chooseModels(modelsOf(settings), []),
  }
}

/** What the settings select by the set of requirements that they name. */
const selected = (settings: Settings): Selection =>
  selectionOf(settings, requirementSetOn(settings.requirements, new Date()))

/** What a run would send, as far as it can be known without asking. */
export function dryRun(settings: Settings): Count[] {
  const known = factsOf(settings)
  return countsOf(planShare(planOf(selected(settings), known), settings.shard), known)
}

/** The rules by which a run would judge, as far as it can be known without asking. */
export const rulesOfRun = (settings: Settings): readonly Rule[] =>
  plannedRules(selected(settings), factsOf(settings)).applicable

function certificate(file: string): string {
  let pem: string
  try {
    pem = readFileSync(file, "utf8")
  } catch (error) {
    throw new UsageError(`--ca-cert: cannot read '${file}': ${fileErrorText(error, "the file")}`)
  }
  try {
    // TLS ignores text that is not a certificate, and would then trust no server.
    new X509Certificate(pem)
  } catch {
    throw new UsageError(`--ca-cert: '${file}' does not contain a certificate in PEM form`)
  }
  return pem
}

/**
 * Checks a server, or with no `baseUrl` the embedded mock, which it starts on loopback and stops again. Applies the
 * baseline of the settings.
 * @throws {UsageError} when a setting is wrong; {Unreachable} when no connection could be made.
 */
export async function run(settings: Settings, events: RunEvents = {}): Promise<Report> {
  const baseline = openBaseline(settings)
  const { report, problem } = settle(
    await runWithoutBaseline(settings, events),
    baseline,
    settings,
    new Date(),
  )
  if (problem !== undefined) throw new UsageError(problem)
  return report
}

/** Asks a target for its models until it is ready, at most `maxMs` milliseconds. */
async function untilReady(
  target: Target,
  maxMs: number,
  createSender: SenderMaker,
  events: RunEvents,
): Promise<void> {
  const sender = createSender(() => performance.now())
  const models = await toWire({ operation: "listModels" }, target)
  try {
    await waitForTarget((signal) => sender.send(models, { signal }), maxMs, events)
  } finally {
    sender.close()
  }
}

/** Creates a sender with a clock in milliseconds. */
type SenderMaker = (clock: () => number) => Sender

/** Returns what creates the senders of a run. */
function senderMaker(settings: Settings, proxy: URL | undefined): SenderMaker {
  const ca = settings.caCert === undefined ? undefined : certificate(settings.caCert)
  const timeoutMs = settings.timeout * 1000
  return (clock) =>
    createSend({
      timeoutMs,
      // Longer than two waits: a wait is extended once when this process was too busy to receive.
      maxDurationMs: 2.5 * timeoutMs,
      maxBodyBytes: limits.replyBytes.max,
      maxChunks: limits.replyChunks.max,
      clock,
      loopClock: clock,
      ...(ca !== undefined && { ca }),
      ...(proxy && { proxy: proxy.href }),
    })
}

/** Does what `run` does, except for the baseline. */
export async function runWithoutBaseline(settings: Settings, events: RunEvents = {}): Promise<Report> {
  const requirements = requirementSetOn(settings.requirements, new Date())
  const selection = selectionOf(settings, requirements)
  const proxy = settings.baseUrl === undefined ? undefined : proxyFor(settings.baseUrl)
  const createSender = senderMaker(settings, proxy)
  const embedded = settings.baseUrl === undefined ? await startEmbedded(settings) : undefined
  const target: Target = {
    baseUrl: embedded?.baseURL ?? settings.baseUrl ?? "",
    apiKey: embedded?.apiKey ?? settings.apiKey,
    headers: settings.header ?? [],
  }
  if (settings.wait !== undefined && embedded === undefined)
    await untilReady(target, settings.wait * 1000, createSender, events)
  const began = performance.now()
  const elapsed = () => performance.now() - began
  const deadline = AbortSignal.timeout(settings.maxTime * 1000)
  const ends = AbortSignal.any([deadline, ...(events.interrupt ? [events.interrupt] : [])])
  // Every wait listens, which node takes for a leak above ten.
  setMaxListeners(0, ends)
  const sender = createSender(elapsed)
  try {
    return await checkTarget(
      {
        target,
        profile: settings.profile,
        traits: settings.trait,
        models: modelsOf(settings),
        ...selection,
        requirements,
        quick: settings.quick,
        strict: settings.strict,
        require: settings.require,
        // Its credentials are secret.
        ...(proxy && { proxy: proxy.origin }),
        embedded: embedded !== undefined,
        shrinkBudget: 20,
        replayArguments: replayArguments(settings),
        deterministic: settings.deterministic || embedded !== undefined,
        maxOutputTokens: settings.maxOutputTokens,
        voice: settings.voice,
        ...oversizedOf(settings),
        limits: {
          maxRequests: settings.maxRequests,
          maxTimeMs: settings.maxTime * 1000,
          ...(settings.rate !== undefined && { rate: settings.rate }),
        },
        concurrency: settings.concurrency,
      },
      {
        send: sender.send,
        elapsed,
        sleep: (ms) => sleep(ms, undefined, { signal: ends }).catch(() => undefined),
        startedAt: new Date(),
        deadline,
        ...events,
      },
    )
  } finally {
    sender.close()
    await embedded?.close()
  }
}
