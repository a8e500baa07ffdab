import { type Endpoint, endpoints, type OperationId } from "@nexhina/schemas"
import { type Exchange, type Fidelity, headerOf, type RecordedRequest } from "@nexhina/wire"
import type { Intent, RequestFault } from "./inputs/intent.ts"

/** A fact about a request: stated by its sender, inferred from the recording, or not known. */
export type Fact<T> =
  | { readonly basis: "stated" | "inferred"; readonly value: T }
  | { readonly basis: "unknown"; readonly value?: undefined }

/** `configured`: the key of the run. `present`: some key, inferred from the headers. `wrong`: a key that is invalid on purpose. */
export type KeyState = "configured" | "present" | "none" | "wrong"

/** What rules judge: an exchange together with what is known of its request. */
export interface Evidence extends Exchange {
  /** The contract's operation; the value is `undefined` for a method and path that no endpoint has. */
  readonly operation: Fact<OperationId | undefined>
  /** How the request breaks the contract on purpose; the value is `undefined` when it does not. */
  readonly fault: Fact<RequestFault | undefined>
  readonly key: Fact<KeyState>
  /** Whether the body of the request is known; a recorded stream has none, and some archives none. Default: yes. */
  readonly isRequestKnown?: boolean
  /** Whether the status and headers of the response are known; a recorded stream has none. Default: yes. */
  readonly isHeadKnown?: boolean
}

/**
 * Facts that a recording may not contain: whether a request was invalid on purpose, the status and headers of a reply,
 * and how its body ended.
 */
export type UncertainFact = "fault" | "head" | "end"

/** What a rule or a view can need of a recording. */
export type Need = keyof Fidelity | UncertainFact

/** What a recording can lack. */
type Lack = Need | "request"

/** Why a rule is not judged on a recording, by what the recording lacks. */
export const lackText: Readonly<Record<Lack, string>> = {
  bytes: "the recording does not contain the bytes as they were received",
  timing: "the recording does not contain the times of the chunks",
  fault: "the recording does not state whether a request was invalid on purpose",
  head: "the recording does not contain the status and headers of the response",
  end: "the recording does not contain how the response ended",
  request: "the recording does not contain the request",
}

/** Returns whether an exchange has what a rule needs. */
export function contains(exchange: Evidence, what: Need): boolean {
  const { fault, fidelity, end, isHeadKnown = true } = exchange
  if (what === "fault") return fault.basis !== "unknown"
  if (what === "head") return isHeadKnown
  // An archive of another tool is read as if each body had ended.
  if (what === "end") return end.kind !== "complete" || (fidelity.bytes && isHeadKnown)
  return fidelity[what]
}

/** An intent that is not yet a line of a transcript. */
export type StatedIntent = Omit<Intent, "fact" | "id">

/** Creates the evidence of an exchange from the stated intent, otherwise by inference. */
export const evidenceOf = (exchange: Exchange, intent?: StatedIntent): Evidence =>
  // Not by a spread: in Node 20, an object to which members are added after one gets a hidden class of its own.
  Object.assign({}, exchange, intent ? statedFacts(intent) : inferredFacts(exchange))

type Facts = Omit<Evidence, keyof Exchange>

const statedFacts = ({ operation, fault, key }: StatedIntent): Facts => ({
  operation: { basis: "stated", value: isOperation(operation) ? operation : undefined },
  fault: { basis: "stated", value: fault },
  key: { basis: "stated", value: key ?? "configured" },
})

/**
 * Returns whether an archive has the body of a request: as long as its headers say, or any without a length. Some
 * tools write a placeholder for what they hide.
 */
function isBodyKept({ method, headers, body }: RecordedRequest): boolean {
  const length = Number(headerOf(headers, "content-length") ?? (method === "POST" ? 1 : 0))
  if (body.length < length) return false
  return body.length === 0 || !/\bjson\b/i.test(headerOf(headers, "content-type") ?? "") || isJson(body)
}

/** Returns whether bytes are one value of JSON. */
export function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(body))
    return true
  } catch {
    return false
  }
}

const isOperation = (name: string): name is OperationId => Object.hasOwn(endpoints, name)

function inferredFacts({ request, fidelity }: Exchange): Facts {
  const isRequestKnown = fidelity.bytes || isBodyKept(request)
  return {
    operation: { basis: "inferred", value: operationOf(request) },
    // Whether a request was wrong on purpose, its bytes do not show.
    fault: { basis: "unknown" },
    key: { basis: "inferred", value: keyOf(request) },
    ...(!isRequestKnown && { isRequestKnown }),
  }
}

/** Infers the key state from the headers: whether some key was sent. */
export function keyOf({ headers }: Pick<RecordedRequest, "headers">): "present" | "none" {
  return headerOf(headers, "authorization") === undefined ? "none" : "present"
}

interface Route {
  readonly operation: OperationId
  readonly method: string
  /** The path's segments; `undefined` stands for a parameter. */
  readonly segments: readonly (string | undefined)[]
}

/** The longest first, and of those the ones with fewer parameters. */
const routes: readonly Route[] = (Object.entries(endpoints) as [OperationId, Endpoint][])
  .flatMap(([operation, { method, path, aliases = [] }]) =>
    [path, ...aliases].map((each) => ({ operation, method, segments: segmentsOf(each) })),
  )
  .sort((a, b) => b.segments.length - a.segments.length || parameters(a) - parameters(b))

function parameters({ segments }: Route): number {
  return segments.filter((segment) => segment === undefined).length
}

function segmentsOf(path: string): Route["segments"] {
  const [, ...segments] = path.split("/")
  return segments.map((segment) => (segment.startsWith("{") ? undefined : segment))
}

/** Where the path of a model begins. Its id can contain slashes (`openai/gpt-4o`), which many clients do not encode. */
const modelPath = /\/models\/[^/]/

type Addressed = Pick<RecordedRequest, "method" | "target">

/**
 * Infers the operation from the method and the end of the path. Any base path may precede the endpoint's path. Where
 * several endpoints match, the longest path wins, then the one with fewer parameters.
 */
export const operationOf = (request: Addressed): OperationId | undefined => matchOf(request)?.operation

/** Returns the base URL of a request to an operation, without user and password: what precedes the endpoint's path. */
export function baseUrlOf(request: Addressed): string | undefined {
  const match = matchOf(request)
  if (!match) return undefined
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(request.target)?.[0] ?? ""
  return origin.replace(/\/\/.*@/, "//") + pathOf(request.target).slice(0, match.at)
}

/** Returns the operation of a request, and where its endpoint's path begins in the path. */
function matchOf({ method, target }: Addressed): { operation: OperationId; at: number } | undefined {
  const path = pathOf(target)
  const segments = path.split("/")
  const route = routes.find((each) => each.method === method && endsWith(segments, each.segments))
  const isModel = route?.operation === "retrieveModel" || (!route && method === "GET")
  const at = isModel ? path.search(modelPath) : -1
  if (at !== -1) return { operation: "retrieveModel", at }
  return (
    route && {
      operation: route.operation,
      at: segments.slice(0, -route.segments.length).join("/").length,
    }
  )
}

/** Returns the path of a URL or of a request target, without query and without a slash at the end. */
function pathOf(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").split(/[?#]/, 1)[0] ?? ""
  return path.replace(/\/+$/, "")
}

/** Returns whether a path ends with a route's segments. */
function endsWith(path: readonly string[], route: Route["segments"]): boolean {
  const before = path.length - route.length
  // The first segment of a path is empty: it precedes the leading slash.
  if (before <= 0) return false
  return route.every((segment, at) =>
    segment === undefined ? path[before + at] !== "" : path[before + at] === segment,
  )
}

/** Returns whether a status says that the resource is at another address. */
export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** Returns whether the reply refuses access, which says nothing about the request itself. */
export const isRefusal = (status: number): boolean => status === 401 || status === 403

/**
 * Returns whether a request was sent with a valid key and without a fault, as far as is known. Where only inferred,
 * a key counts as valid unless the reply refuses it. A view that depends on the absence of a fault needs `fault`.
 */
export function isProper({ fault, key, response }: Evidence): boolean {
  if (fault.value) return false
  if (key.basis === "stated") return key.value === "configured"
  return !isRefusal(response?.status ?? 0)
}
