import type { MockRequest, NamedAlteration, Situation } from "@nexhina/wire"
import { type Digest, digest, digestText } from "../content/random.ts"
import type { ScenarioEffects } from "../scenarios/effects.ts"
import { noTiming, type RequestTiming } from "../timing/choose.ts"
import type { Account } from "../timing/quotas.ts"
import { type ReadHeaders, readHeaders, requestId } from "./headers.ts"

/** The facts about one request. */
export interface Context {
  readonly request: MockRequest
  /** The body of the request. Without its content encoding once the request is known to be served. */
  body: Uint8Array
  readonly headers: ReadHeaders
  readonly path: string
  readonly query: string
  /** Scheme and host as the client addressed the mock, such as `http://127.0.0.1:4010`. */
  readonly origin: string
  /** Hash of the seed, from the request or the mock's own. */
  readonly seed: Digest
  /** Hash of seed, method, path and body. */
  readonly identity: Digest
  /** The identity as text, the base of every generated id. */
  readonly id: string
  readonly requestId: string
  /** The alterations of this request. Empty until they are chosen. */
  alterations: readonly NamedAlteration[]
  /** The schedule of the reply. Empty until it is chosen. */
  timing: RequestTiming
  /** The quotas of the client, once the request has been counted. */
  account: Account | undefined
  /** What a scenario changes in the reply. */
  scenario?: ScenarioEffects
  /** What alterations see. Gains the operation and the parsed body as they become known. */
  readonly situation: { -readonly [Member in keyof Situation]: Situation[Member] }
}

const noAlterations: readonly NamedAlteration[] = []

/** Reads the head of a request. Never throws. */
export function begin(request: MockRequest, ownSeed: Digest): Context {
  const headers = readHeaders(request.headers)
  const { origin, path, query } = locate(request.target)
  const seed = headers["x-mock-seed"] === undefined ? ownSeed : digest(headers["x-mock-seed"])
  const identity = digest(request.body, digest(`${request.method} ${path}`, seed))
  return {
    request,
    body: request.body,
    headers,
    path,
    query,
    origin: origin ?? `http://${headers.host ?? "localhost"}`,
    seed,
    identity,
    id: digestText(identity),
    requestId: requestId(headers, identity),
    alterations: noAlterations,
    timing: noTiming,
    account: undefined,
    situation: { operationId: undefined, ask: request, request: undefined, streaming: false },
  }
}

/** Splits a request target, which may be an absolute URL (RFC 9112, section 3.2.2). */
function locate(target: string): { readonly origin?: string; readonly path: string; readonly query: string } {
  const whole = target.startsWith("/") ? null : /^(https?:\/\/[^/?]*)(.*)$/is.exec(target)
  const local = whole?.[2] ?? target
  const end = local.indexOf("?")
  const path = end === -1 ? local : local.slice(0, end)
  return { ...(whole?.[1] && { origin: whole[1] }), path, query: end === -1 ? "" : local.slice(end + 1) }
}
