import { catalogue, type ModelKind, modelIds, type OperationId, profiles, surfaces } from "@nexhina/schemas"
import type { ExchangeEnd, Header } from "@nexhina/wire"
import type { Evidence } from "../src/evidence.ts"
import type { Intent } from "../src/inputs/intent.ts"
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

/** Returns evidence as a run makes it. It has a response unless the end excludes one. */
export function exchangeOf(facts: Facts): Evidence {
  const { operation, request, fault, key, requestHeaders, status, type, headers, body, end } = facts
  const answered = end?.stage === undefined || end.stage === "body"
  return {
    v: 1,
    id: "x1",
    operation: { basis: "stated", value: operation },
    fault: { basis: "stated", value: fault },
    key: { basis: "stated", value: key ?? "configured" },
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
    unproven: new Set(),
    absent: new Set(),
    choices: [],
    voice: "alloy",
    listed: [],
    included: new Set(surfaces),
    required: new Set(),
    maxOutputTokens: 16,
    ...facts,
  }
}
