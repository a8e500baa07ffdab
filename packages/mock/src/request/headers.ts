import type { Header } from "@nexhina/wire"
import { type Digest, digestText } from "../content/random.ts"
import { nearestName } from "../nearest-name.ts"
import { Refusal } from "../refusal.ts"

/** The request headers that the mock evaluates. An empty header counts as absent. */
export interface KnownHeaders {
  readonly authorization?: string
  readonly host?: string
  readonly "content-type"?: string
  readonly "content-encoding"?: string
  readonly "access-control-request-headers"?: string
  readonly range?: string
  readonly "if-range"?: string
  readonly "x-request-id"?: string
  readonly "x-mock-defect"?: string
  readonly "x-mock-variant"?: string
  readonly "x-mock-seed"?: string
  readonly "x-mock-scope"?: string
  readonly "x-mock-latency"?: string
  readonly "x-mock-fault"?: string
}

/** What was read from the headers of a request. */
export interface ReadHeaders extends KnownHeaders {
  /** Name of the first header that begins with `x-mock-` and that the mock does not evaluate. */
  readonly unknownSetting?: string
}

const known: Readonly<Record<keyof KnownHeaders, true>> = {
  authorization: true,
  host: true,
  "content-type": true,
  "content-encoding": true,
  "access-control-request-headers": true,
  range: true,
  "if-range": true,
  "x-request-id": true,
  "x-mock-defect": true,
  "x-mock-variant": true,
  "x-mock-seed": true,
  "x-mock-scope": true,
  "x-mock-latency": true,
  "x-mock-fault": true,
}
const knownNames = new Set(Object.keys(known))

function isKnown(name: string): name is keyof KnownHeaders {
  return knownNames.has(name)
}

/** Reads the known headers in one pass. The first of duplicate headers is used. */
export function readHeaders(headers: readonly Header[]): ReadHeaders {
  const found: { -readonly [Name in keyof ReadHeaders]: ReadHeaders[Name] } = {}
  for (const [name, value] of headers) {
    if (value === "") continue
    const lower = name.toLowerCase()
    if (isKnown(lower)) found[lower] ??= value
    else if (lower.startsWith(settingPrefix)) found.unknownSetting ??= lower
  }
  return found
}

const settingPrefix = "x-mock-"
/** What follows the prefix in headers that are evaluated, here or by recordings. */
const settingNames = [
  ...[...knownNames]
    .filter((name) => name.startsWith(settingPrefix))
    .map((name) => name.slice(settingPrefix.length)),
  "recording",
]
/** What follows it in headers of replies, which some clients send back. */
const replyNames = ["miss", "inactive"]

/**
 * Refuses a header that is almost one of `x-mock-…`: a test that misspells it would run without its setting. Others
 * pass, because scenarios may match them.
 */
export function refuseMisspelt({ unknownSetting }: ReadHeaders): void {
  if (unknownSetting === undefined) return
  const name = unknownSetting.slice(settingPrefix.length)
  if (settingNames.includes(name) || replyNames.includes(name)) return
  const nearest = nearestName(name, settingNames)
  if (nearest === undefined) return
  const shown = unknownSetting.slice(0, 64)
  const message = `Unknown header '${shown}'. Did you mean '${settingPrefix}${nearest}'?`
  throw new Refusal(400, { message, param: shown })
}

/** Returns a header's value if it can be sent back unchanged, else undefined. */
export function readable(value: string | undefined): string | undefined {
  return value !== undefined && /^[\x20-\x7e]{1,256}$/.test(value) ? value : undefined
}

/** Returns the request id: the client's `x-request-id`, or else one derived from the identity. */
export const requestId = (headers: KnownHeaders, identity: Digest): string =>
  readable(headers["x-request-id"]) ?? `req_${digestText(identity)}`
