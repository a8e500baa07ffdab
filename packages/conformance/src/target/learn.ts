import type { ModelKind, OperationId, ProfileName, Surface, Trait } from "@nexhina/schemas"
import type { ExchangeEnd } from "@nexhina/wire"
import { probeSample } from "../engine/plan.ts"
import { isRefusal } from "../evidence.ts"
import type { Probe } from "../probe.ts"
import { missingKey } from "../probes/auth.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { listModels } from "../probes/models.ts"
import type { Report } from "../reports/report.ts"
import { chooseByTrial } from "./choice.ts"
import type { ExecutedSample } from "./execute.ts"
import { factsBefore, type TargetFacts } from "./facts.ts"
import { chooseModels, listedModels } from "./models.ts"
import { obstacles } from "./offered.ts"
import type { Sampler } from "./sampler.ts"
import type { Target } from "./to-wire.ts"

/** The facts about a target that the user states. */
export interface StatedFacts {
  /** The proxy that requests pass through, without credentials. Default: none. */
  readonly proxy?: string
  readonly target: Target
  readonly profile: ProfileName
  readonly traits: readonly Trait[]
  readonly models: Partial<Readonly<Record<ModelKind, string>>>
  readonly include: readonly Surface[]
  /** Surfaces whose absence is a finding. */
  readonly require: readonly Surface[]
  readonly deterministic: boolean
  readonly maxOutputTokens: number
  /** The voice of speech requests. Default: alloy. */
  readonly voice?: string
  /** Length in bytes of a body that the target must reject. Default: no such body is sent. */
  readonly oversizedBytes?: number
}

/** The errors of TLS if no trusted authority signed the certificate of a server. */
const untrusted: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
])

/** What reasons why no connection is made mean, where their codes do not say it. */
const connectionRemedies: Readonly<Record<string, string>> = {
  EPROTO: "it does not answer as a TLS server; if it speaks plain HTTP, use http://",
  ENOTFOUND: "the name of the host is unknown",
  EAI_AGAIN: "the name of the host cannot be looked up now",
}

/** The beginning of the code of the error when a proxy opens no tunnel; the status of its answer follows. */
const tunnelRefused = "PROXY_"

/** Returns why no connection was made, and what to do about it. */
function connectionFailure({ code, kind }: ExchangeEnd): string {
  if (code === undefined) return kind
  if (code === "timeoutMs") return "no connection within the time of --timeout"
  if (code.startsWith(tunnelRefused)) return tunnelRefusal(code.slice(tunnelRefused.length))
  if (untrusted.has(code)) return `${code}; pass its certificate authority with --ca-cert`
  return connectionRemedies[code] === undefined ? code : `${code} (${connectionRemedies[code]})`
}

/** Returns that a proxy opened no tunnel, and what to do about it. */
function tunnelRefusal(status: string): string {
  const remedy = status === "407" ? "; put its user and password into the URL of the proxy" : ""
  return `the proxy answered ${status}${remedy}`
}

/** Thrown when there is nothing to judge. */
export abstract class NothingJudged extends Error {
  /** The report of the run, in which every rule is not-run. Set by `checkTarget`. */
  report?: Report
}

/** Thrown when no connection can be made. */
export class Unreachable extends NothingJudged {
  override readonly name = "Unreachable"
}

/** Thrown when the target rejects every request with the given key. */
export class KeyRefused extends NothingJudged {
  override readonly name = "KeyRefused"
}

/** Returns whether the target requires a key, judged by the same chat without and with it. */
function authOf(keyless: number | undefined, keyed: number | undefined): TargetFacts["auth"] {
  const isSuccess = (status = 0) => status >= 200 && status < 300
  if (isSuccess(keyless)) return "open"
  return isRefusal(keyless ?? 0) || isSuccess(keyed) ? "required" : "untested"
}

/** Returns the status with which every valid request with the configured key was rejected, if all were. */
function refusedThroughout(groups: readonly ExecutedSample[]): number | undefined {
  const statuses = groups
    .flatMap(({ asked }) => asked)
    .filter(({ step }) => !step?.fault && !step?.key)
    .flatMap(({ exchange }) => exchange.response?.status ?? [])
  return statuses.every(isRefusal) ? statuses[0] : undefined
}

/**
 * Learns what later requests depend on: the listed models, the model to use for each kind on the surfaces of which
 * something will be asked, whether a key is required.
 * @throws {Unreachable} when no connection can be made; {KeyRefused} when the target rejects the key.
 */
export async function learn(
  stated: StatedFacts,
  sampler: Sampler,
  surfaces: readonly Surface[] = stated.include,
): Promise<TargetFacts> {
  const { target } = stated
  const before = factsBefore(stated.profile, {
    traits: new Set(stated.traits),
    deterministic: stated.deterministic,
    included: new Set(stated.include),
    required: new Set(stated.require),
    maxOutputTokens: stated.maxOutputTokens,
    ...(stated.voice !== undefined && { voice: stated.voice }),
    ...(stated.oversizedBytes !== undefined && { oversizedBytes: stated.oversizedBytes }),
  })
  await sampler.run([probeSample(listModels, before)], "learning")
  const listing = sampler.groups.flatMap(({ asked }) => asked.map(({ exchange }) => exchange))
  const connection = listing.find((exchange) => exchange.end.stage === "connect")
  if (connection) {
    const through = stated.proxy === undefined ? "" : ` through the proxy ${stated.proxy}`
    throw new Unreachable(`cannot reach ${target.baseUrl}${through}: ${connectionFailure(connection.end)}`)
  }
  const listed = listing.flatMap(listedModels)
  const traits = new Set(stated.traits)
  // Such a server answers every name with the one model that it has, or fills the name in.
  if (listed.length === 1) traits.add("single-model")
  const guessed = { ...before, traits, listed, models: chooseModels(stated.models, listed) }
  const chosen = await chooseByTrial(guessed, stated.models, surfaces, sampler)
  const known = { ...guessed, ...chosen, absent: absentIn(sampler.groups) }

  if (target.apiKey !== undefined) await sampler.run([probeSample(missingKey, known)], "learning")
  requireAccess(target, sampler.groups)
  if (target.apiKey === undefined) return known
  const statusOf = ({ id }: Probe) =>
    sampler.groups.find(({ sample }) => sample.by === id)?.asked.at(-1)?.exchange.response?.status
  return { ...known, auth: authOf(statusOf(missingKey), statusOf(plainChat)) }
}

/** Returns the operations that the target says it does not have. */
const absentIn = (groups: readonly ExecutedSample[]): ReadonlySet<OperationId> =>
  new Set(
    [...obstacles(groups)].flatMap(([operation, obstacle]) =>
      obstacle === "the target does not offer" ? [operation] : [],
    ),
  )

function requireAccess({ apiKey, baseUrl }: Target, groups: readonly ExecutedSample[]): void {
  const refused = refusedThroughout(groups)
  if (refused === undefined) return
  const which = apiKey === undefined ? "a request without an API key" : "the API key"
  throw new KeyRefused(
    `${baseUrl} refuses ${which} (${refused}); pass a valid key with --api-key or $NEXHINA_API_KEY`,
  )
}
