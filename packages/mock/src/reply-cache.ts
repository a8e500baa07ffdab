import type { GeneratedReply } from "./reply-maker.ts"

/** What the reply to a request depends on, if it was made at once: nothing but this and the options of the mock. */
export interface CacheKey {
  /** Hash of seed, method, path and body. */
  readonly id: string
  readonly body: Uint8Array
  readonly contentType: string | undefined
  readonly query: string
  /** Unix seconds. */
  readonly now: number
}

/**
 * Keeps the replies to requests that come again and again, such as those of a load test, which then measures what is
 * in front of the mock.
 */
export interface ReplyCache {
  /** Returns the reply to the same request if it is kept. */
  find(key: CacheKey): GeneratedReply | undefined
  /** Keeps a reply if its request came before, and returns it. */
  keep(key: CacheKey, reply: GeneratedReply): GeneratedReply
  clear(): void
}

/** Requests that are remembered, replies that are kept, and UTF-16 units of each (chosen): 16 MiB at most. */
const maxSeen = 256
const maxKept = 64
const maxUnits = 2 ** 17

interface KeptReply {
  readonly key: CacheKey
  readonly reply: GeneratedReply
}

/** Creates an empty cache. */
export function createReplyCache(): ReplyCache {
  /** Hashes of requests that came before. Most come once: keeping the replies of these would cost more than it gains. */
  const seen = new Set<string>()
  const kept = new Map<string, KeptReply>()
  return {
    find(key) {
      const found = kept.get(key.id)
      return found && isSame(found.key, key) ? found.reply : undefined
    },
    keep(key, reply) {
      if (!seen.has(key.id)) {
        seen.add(key.id)
        dropOldest(seen, maxSeen)
        return reply
      }
      const held = encodedOnce(reply)
      if (held === undefined) return reply
      // A copy: the bodies of node's requests are slices of 64 KiB, which would be kept alive.
      kept.set(key.id, { key: { ...key, body: new Uint8Array(key.body) }, reply: held })
      dropOldest(kept, maxKept)
      return held
    },
    clear() {
      seen.clear()
      kept.clear()
    },
  }
}

function dropOldest(entries: Set<string> | Map<string, unknown>, max: number): void {
  if (entries.size <= max) return
  const [oldest = ""] = entries.keys()
  entries.delete(oldest)
}

function isSame(a: CacheKey, b: CacheKey): boolean {
  return (
    a.now === b.now && a.query === b.query && a.contentType === b.contentType && sameBytes(a.body, b.body)
  )
}

/** Returns whether two bodies are the same. Different ones may have the same hash. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

/** Returns a reply that holds its text, as JSON or as a stream; undefined if that is long. */
function encodedOnce(reply: GeneratedReply): GeneratedReply | undefined {
  const { value, stream, encoded } = reply
  if (stream === undefined) {
    const json = reply.json ?? JSON.stringify(value)
    return json.length > maxUnits ? undefined : { ...reply, json }
  }
  const text = encoded?.(value)
  return text === undefined || text.length > maxUnits ? undefined : { ...reply, encoded: () => text }
}
