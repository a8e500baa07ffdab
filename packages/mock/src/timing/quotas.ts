import type { Header } from "@nexhina/wire"
import { LRUCache } from "lru-cache"
import { limits } from "../limits.ts"
import { Refusal } from "../refusal.ts"
import { minuteMs, type QuotaOptions, quotaKinds, quotaOf } from "./quota-kinds.ts"

/** A bucket that refills evenly within a minute. Its level is an amount times `minuteMs`, so that it stays exact. */
interface Bucket {
  readonly perMinute: number
  level: number
  atMs: number
}

/** What one key and scope has left. */
type Owner = ReadonlyMap<keyof QuotaOptions, Bucket>

/** The account of one request. */
export interface Account {
  /** Takes the tokens of a reply. They may be more than what is left: later requests wait for it. */
  charge(tokens: number): void
  /** Returns the headers that state limit, remainder and time until it is full again. */
  headers(): readonly Header[]
}

/** The quotas of one mock. */
export interface Quotas {
  /** Takes a request from a quota. Throws a `Refusal` with 429 when a quota is used up. */
  take(owner: string, nowMs: number): Account
  clear(): void
}

/** Creates the quotas of one mock; undefined when nothing is limited. Throws a `TypeError` for a wrong quota. */
export function createQuotas(options: QuotaOptions): Quotas | undefined {
  const quotas = (Object.keys(quotaKinds) as (keyof QuotaOptions)[]).flatMap((name) => {
    const perMinute = options[name]
    return perMinute === undefined ? [] : [[name, quotaOf(name, perMinute)] as const]
  })
  if (quotas.length === 0) return undefined
  const owners = new LRUCache<string, Owner>({ max: limits.quotaOwners.max })
  return {
    take(name, nowMs) {
      // Whole milliseconds keep the levels exact.
      const atMs = Math.floor(nowMs)
      const owner =
        owners.get(name) ??
        new Map(
          quotas.map(
            ([name, perMinute]) => [name, { perMinute, level: perMinute * minuteMs, atMs }] as const,
          ),
        )
      owners.set(name, owner)
      for (const bucket of owner.values()) refill(bucket, atMs)
      requireLeft(owner)
      spend(owner.get("rpm"), 1)
      return {
        charge: (tokens) => spend(owner.get("tpm"), tokens),
        headers: () => headersOf(owner),
      }
    },
    clear: () => owners.clear(),
  }
}

function refill(bucket: Bucket, atMs: number): void {
  const elapsed = Math.max(0, atMs - bucket.atMs)
  bucket.level = Math.min(bucket.perMinute * minuteMs, bucket.level + elapsed * bucket.perMinute)
  bucket.atMs = Math.max(bucket.atMs, atMs)
}

function spend(bucket: Bucket | undefined, amount: number): void {
  if (bucket) bucket.level -= amount * minuteMs
}

/** Returns the milliseconds until a bucket has reached a level. */
const msUntil = ({ level, perMinute }: Bucket, wanted: number) =>
  Math.max(0, Math.ceil((wanted - level) / perMinute))

function requireLeft(owner: Owner): void {
  const empty = [...owner].filter(([, { level }]) => level < minuteMs)
  const [longest] = empty
    .map(([name, bucket]) => ({ name, bucket, ms: msUntil(bucket, minuteMs) }))
    .sort((a, b) => b.ms - a.ms)
  if (longest === undefined) return
  const { header, short } = quotaKinds[longest.name]
  const seconds = Math.ceil(longest.ms / 1000)
  throw new Refusal(429, {
    message: `Rate limit reached: ${longest.bucket.perMinute} ${header} per minute (${short}). Try again in ${duration(longest.ms)}.`,
    headers: [["retry-after", String(seconds)], ...headersOf(owner)],
  })
}

/** Lets web pages read the headers of quotas. */
const exposed: Header = [
  "access-control-expose-headers",
  ["limit", "remaining", "reset"]
    .flatMap((fact) => Object.values(quotaKinds).map(({ header }) => `x-ratelimit-${fact}-${header}`))
    .join(", "),
]

function headersOf(owner: Owner): Header[] {
  const headers = [...owner].flatMap(([name, bucket]): Header[] => {
    const { header } = quotaKinds[name]
    const { perMinute, level } = bucket
    return [
      [`x-ratelimit-limit-${header}`, String(perMinute)],
      [`x-ratelimit-remaining-${header}`, String(Math.max(0, Math.floor(level / minuteMs)))],
      [`x-ratelimit-reset-${header}`, duration(msUntil(bucket, perMinute * minuteMs))],
    ]
  })
  return [...headers, exposed]
}

/** Returns a duration as OpenAI writes it in `x-ratelimit-reset-…`: `17ms`, `8.64s`, `6m0s`. */
function duration(ms: number): string {
  if (ms < 1000) return `${ms}ms`
  const minutes = Math.floor(ms / minuteMs)
  return `${minutes > 0 ? `${minutes}m` : ""}${(ms % minuteMs) / 1000}s`
}
