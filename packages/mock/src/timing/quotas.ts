import type { Header } from "@nexhina/wire"
import { LRUCache } from "lru-cache"
import { limits } from "../limits.ts"
import { Refusal } from "../refusal.ts"
import {
  minuteMs,
  type QuotaOptions,
  type QuotaSettings,
  quotaKinds,
  quotaNames,
  quotaOf,
} from "./quota-kinds.ts"

/** A bucket that refills evenly within a minute. Its level is an amount times `minuteMs`, so that it stays exact. */
interface Bucket {
  readonly perMinute: number
  level: number
  atMs: number
}

/** Whose requests are counted together. */
interface QuotaOwner {
  readonly key: string
  /** Value of `x-mock-scope`, "" for requests without one. */
  readonly scope: string
}

/** What one key and scope has left. */
type Buckets = ReadonlyMap<keyof QuotaOptions, Bucket>

/** The account of one request. */
export interface Account {
  /** Takes the tokens of a reply. They may be more than what is left: later requests wait for it. */
  charge(tokens: number): void
  /** Returns the headers that state limit, remainder and time until it is full again. */
  headers(): readonly Header[]
}

/** The quotas of one mock. */
export interface Quotas {
  /**
   * Takes a request from the quotas of its owner; undefined when nothing is limited. `settings` replace the quotas of the
   * options. A quota that has changed since the last request is full. Throws a `Refusal` with 429 when one is used up.
   */
  take(owner: QuotaOwner, nowMs: number, settings?: QuotaSettings): Account | undefined
  /** Makes the quotas of a scope full. Default: those of every scope. */
  clear(scope?: string): void
}

/** Creates the quotas of one mock. Throws a `TypeError` for a wrong quota. */
export function createQuotas(options: QuotaOptions): Quotas {
  for (const name of quotaNames) if (options[name] !== undefined) quotaOf(name, options[name])
  const owners = new LRUCache<string, { readonly scope: string; readonly buckets: Buckets }>({
    max: limits.quotaOwners.max,
  })
  return {
    take({ key, scope }, nowMs, settings = {}) {
      const rates = quotaNames.flatMap((name) => {
        const perMinute = settings[name] ?? options[name] ?? "none"
        return perMinute === "none" ? [] : [[name, perMinute] as const]
      })
      if (rates.length === 0) return undefined
      const id = JSON.stringify([key, scope])
      const buckets = bucketsOf(rates, owners.get(id)?.buckets, Math.floor(nowMs))
      owners.set(id, { scope, buckets })
      requireLeft(buckets)
      spend(buckets.get("rpm"), 1)
      return {
        charge: (tokens) => spend(buckets.get("tpm"), tokens),
        headers: () => headersOf(buckets),
      }
    },
    clear(scope) {
      if (scope === undefined) return owners.clear()
      for (const [id, owner] of [...owners.entries()]) if (owner.scope === scope) owners.delete(id)
    },
  }
}

/** Returns the buckets of some quotas, refilled: those of before, or full ones. Whole milliseconds keep levels exact. */
function bucketsOf(
  rates: readonly (readonly [keyof QuotaOptions, number])[],
  before: Buckets | undefined,
  atMs: number,
): Buckets {
  return new Map(
    rates.map(([name, perMinute]) => {
      const known = before?.get(name)
      if (known?.perMinute !== perMinute)
        return [name, { perMinute, level: perMinute * minuteMs, atMs }] as const
      refill(known, atMs)
      return [name, known] as const
    }),
  )
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

function requireLeft(buckets: Buckets): void {
  const empty = [...buckets].filter(([, { level }]) => level < minuteMs)
  const [longest] = empty
    .map(([name, bucket]) => ({ name, bucket, ms: msUntil(bucket, minuteMs) }))
    .sort((a, b) => b.ms - a.ms)
  if (longest === undefined) return
  const { header, short } = quotaKinds[longest.name]
  const seconds = Math.ceil(longest.ms / 1000)
  throw new Refusal(429, {
    message: `Rate limit reached: ${longest.bucket.perMinute} ${header} per minute (${short}). Try again in ${duration(longest.ms)}.`,
    headers: [["retry-after", String(seconds)], ...headersOf(buckets)],
  })
}

/** Lets web pages read the headers of quotas. */
const exposed: Header = [
  "access-control-expose-headers",
  ["limit", "remaining", "reset"]
    .flatMap((fact) => Object.values(quotaKinds).map(({ header }) => `x-ratelimit-${fact}-${header}`))
    .join(", "),
]

function headersOf(buckets: Buckets): Header[] {
  const headers = [...buckets].flatMap(([name, bucket]): Header[] => {
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
