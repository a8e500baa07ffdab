import { type Endpoint, endpoints } from "@nexhina/schemas"
import type { WireRequest } from "@nexhina/wire"
import { type Exchange, type Header, headerOf, toForm } from "@nexhina/wire"
import { limits } from "../limits.ts"
import { isObject, sizeLimitOf } from "../reading/answered.ts"
import type { Step } from "./step.ts"

/** The server under test, as it was named on the command line. */
export interface Target {
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly apiKey: string | undefined
  /** Sent with every request. */
  readonly headers: readonly Header[]
}

/** The gateway Portkey has its own name in all its headers. */
const credentialName = /auth|cookie|credential|(?<!port)key|password|secret|session|token/i
/** A shorter value would be blotted out wherever it stands by chance. */
const minSecretLength = 8

/** Returns whether a header's name indicates a credential. */
export const isCredential = (name: string): boolean => credentialName.test(name)

/** What must never be shown or written: the API key, and the values of headers whose name speaks of a credential. */
export function secretsOf({ apiKey, headers }: Pick<Target, "apiKey" | "headers">): string[] {
  const values = headers
    .filter(([name]) => isCredential(name))
    .flatMap(([, value]) => [value, value.replace(/^\S+ +/, "")])
    .filter((value) => value.length >= minSecretLength)
  return [...new Set([...(apiKey === undefined ? [] : [apiKey]), ...values])]
}

/** Percent-encodes text for a path. Half a surrogate pair, which has no encoding, becomes U+FFFD. */
export const encodedSegment = (text: string) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"))

/** A key that no server can know. Every mock refuses keys that begin so. */
export const wrongKey = "sk-invalid-nexhina-conformance"

const utf8 = new TextEncoder()

function authorization(target: Target, key: Step["key"]): Header[] {
  if (key === "none") return []
  const value = key === "wrong" ? wrongKey : target.apiKey
  return value === undefined ? [] : [["authorization", `Bearer ${value}`]]
}

/** Names of headers that contain the API key beside `authorization`, such as Azure's `api-key`. */
const apiKeyName = /(?:^|-)api-?key$/i

/** Returns the headers of the target; a request with another key has it in all of them. */
function targetHeaders({ headers }: Target, key: Step["key"]): readonly Header[] {
  if (key === undefined) return headers
  if (key === "none") return headers.filter(([name]) => !apiKeyName.test(name))
  return headers.map(([name, value]) => [name, apiKeyName.test(name) ? wrongKey : value])
}

interface Body {
  readonly mediaType: string
  readonly bytes: Uint8Array
}

async function bodyOf(step: Step): Promise<Body | undefined> {
  const { rawBody, mediaType = "application/json", body } = step
  if (rawBody !== undefined)
    return { mediaType, bytes: typeof rawBody === "string" ? utf8.encode(rawBody) : rawBody }
  if (body === undefined) return undefined
  const { request }: Endpoint = endpoints[step.operation]
  return (request?.mediaType === "multipart/form-data" || step.asForm) && isObject(body)
    ? toForm(body, step.form)
    : { mediaType, bytes: utf8.encode(JSON.stringify(body) + " ".repeat(step.paddingBytes ?? 0)) }
}

/** What the user may replace. */
const ownHeaders: readonly Header[] = [
  ["accept", "application/json, text/event-stream"],
  ["user-agent", "nexhina-conformance"],
]

/** The step as it stands on the wire: with the target's headers, but a body says itself what it is. */
export async function toWire(step: Step, target: Target): Promise<WireRequest> {
  const { method, path } = endpoints[step.operation]
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodedSegment(step.params?.[name] ?? ""))
  const query = step.query ? `?${new URLSearchParams(step.query)}` : ""
  const body = await bodyOf(step)
  const given = [...target.headers, ...(step.headers ?? [])]
  return {
    method: step.method ?? method,
    url: `${target.baseUrl}${step.path ?? filled}${query}`,
    headers: [
      ...authorization(target, step.key),
      ...ownHeaders.filter(([name]) => headerOf(given, name) === undefined),
      ...targetHeaders(target, step.key).filter(([name]) => !body || name.toLowerCase() !== "content-type"),
      ...(body ? ([["content-type", body.mediaType]] satisfies Header[]) : []),
      ...(step.headers ?? []),
    ],
    body: body?.bytes ?? new Uint8Array(),
    maxKeptBytes: limits[sizeLimitOf(step.operation)].max,
    ...(step.hangUpAfterBytes !== undefined && { hangUpAfterBytes: step.hangUpAfterBytes }),
  }
}

/** Why a step that claims to keep the contract does not; `undefined` when it does. */
export function contractBreach(step: Step): string | undefined {
  const why = breachOf(step)
  return why && `${step.operation}: ${why}`
}

function breachOf(step: Step): string | undefined {
  if (step.fault || step.rawBody !== undefined) return undefined
  const { request, checks } = endpoints[step.operation]
  if (!request) return step.body === undefined ? undefined : "a body on an operation that does not accept one"
  const parsed = request.schema.safeParse(step.body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return `${issue?.path.join(".") || "the body"}: ${issue?.message}`
  }
  for (const check of checks as readonly { says: string; holds(value: unknown): boolean }[]) {
    if (!check.holds(parsed.data)) return check.says
  }
  return undefined
}

/** The id under which the server knows the request, to tell its operator. */
export const requestIdHeaders = ["x-request-id", "request-id", "x-oneapi-request-id", "cf-ray"] as const

/** Statuses of a server that may reply to the same request later. */
export const transientStatuses: ReadonlySet<number> = new Set([429, 503, 529])

export const isTransient = ({ response }: Exchange): boolean =>
  response !== undefined && transientStatuses.has(response.status)
