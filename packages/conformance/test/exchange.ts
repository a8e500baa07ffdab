import { catalogue, type ModelKind, modelIds, type OperationId, profiles, surfaces } from "@nexhina/schemas"
import type { Exchange, ExchangeEnd, Header, Intent } from "@nexhina/wire"
import type { TargetFacts } from "../src/target/facts.ts"

interface Facts {
  readonly operation?: OperationId
  /** The request's JSON body. */
  readonly request?: unknown
  readonly fault?: Intent["fault"]
  readonly key?: Intent["key"]
  readonly requestHeaders?: readonly Header[]
  /** Default: 200. */
  readonly status?: number
  /** Default: `application/json`. */
  readonly type?: string
  readonly headers?: readonly Header[]
  /** A value is sent as JSON; a string or bytes as they are. Default: none. */
  readonly body?: unknown
  readonly end?: Partial<ExchangeEnd>
}

const utf8 = new TextEncoder()

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array()
  if (body instanceof Uint8Array) return body
  return utf8.encode(typeof body === "string" ? body : JSON.stringify(body))
}

/** An exchange as a run records it. A response is there unless the end says that none came. */
export function exchangeOf(facts: Facts): Exchange {
  const { operation, request, fault, key, requestHeaders, status, type, headers, body, end } = facts
  const answered = end?.stage === undefined || end.stage === "body"
  return {
    v: 1,
    id: "x1",
    intent: {
      by: "test",
      group: "test[0]",
      ...(operation && { operation }),
      ...(fault && { fault }),
      ...(key && { key }),
    },
    request: {
      method: "POST",
      target: "http://127.0.0.1:1/v1/test",
      headers: requestHeaders ?? [["authorization", "Bearer sk-0123456789abcdef"]],
      body: bytesOf(request),
      sentAtMs: 0,
    },
    ...(answered && {
      response: {
        status: status ?? 200,
        headers: headers ?? [["content-type", type ?? "application/json"]],
        trailers: [],
        chunks: body === undefined ? [] : [{ atMs: 1, bytes: bytesOf(body) }],
      },
    }),
    end: { kind: "complete", atMs: 2, ...end },
    fidelity: { bytes: true, timing: true },
  }
}

const kinds = [...new Set(catalogue.map(({ kind }) => kind))]

/** What a run knows of a server that asks for a key. */
export function knownOf(facts: Partial<TargetFacts> = {}): TargetFacts {
  const profileName = facts.profileName ?? "nexhina"
  return {
    profileName,
    profile: profiles[profileName],
    traits: new Set(),
    auth: "required",
    deterministic: false,
    // One member for each kind.
    models: Object.fromEntries(kinds.map((kind) => [kind, modelIds(kind)[0]])) as Record<ModelKind, string>,
    listed: [],
    included: new Set(surfaces),
    required: new Set(),
    maxOutputTokens: 16,
    ...facts,
  }
}
