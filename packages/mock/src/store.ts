import { LRUCache } from "lru-cache"
import { limits } from "./limits.ts"
import { realTime } from "./real-time.ts"

/**
 * State that outlives a request: stored responses and video tasks. Values are plain JSON. The interface follows Keyv,
 * plus an atomic `update`.
 */
export interface Store {
  /** Returns the value, or undefined when the key is not set or has expired. */
  get(key: string): Promise<unknown>
  /** Sets a value. It expires after `ttl` milliseconds. Default: never. */
  set(key: string, value: unknown, ttl?: number): Promise<unknown>
  /** Returns whether the key was set. */
  delete(key: string): Promise<boolean>
  /**
   * Replaces a value atomically and returns the new one. `change` receives undefined when the key is not set; it may be
   * called again when another writer interferes. An expiry is kept.
   */
  update(key: string, change: (value: unknown) => unknown): Promise<unknown>
  /** Deletes every key. */
  clear(): Promise<void>
}

const isWide = (text: string): boolean => /[\u0100-\uffff]/.test(text)

/** Returns the bytes that a text takes in memory. */
const bytesOf = (text: string): number => (isWide(text) ? 2 * text.length : text.length)

/** Returns the bytes that a value takes as JSON, at least: those of its texts. */
function leastBytesOf(value: unknown): number {
  let length = 0
  let width = 1
  const walk = (each: unknown): void => {
    if (typeof each === "string") {
      length += each.length
      if (width === 1 && isWide(each)) width = 2
    } else if (typeof each === "object" && each !== null)
      for (const member of Object.values(each)) walk(member)
  }
  walk(value)
  return width * length
}

/** Creates a store that lives as long as the process. Values expire by a clock of elapsed milliseconds. */
export function memoryStore(now: () => number = realTime.now): Store {
  const texts = new LRUCache<string, string>({
    maxSize: limits.storedText.max,
    sizeCalculation: bytesOf,
    // The cache takes a start at 0 for none.
    perf: { now: () => now() + 1 },
    // Else the time of the last use would be kept for a while by a real timer.
    ttlResolution: 0,
  })
  const read = (key: string): unknown => {
    const text = texts.get(key)
    return text === undefined ? undefined : JSON.parse(text)
  }
  const write = (key: string, value: unknown, options: { ttl?: number; noUpdateTTL?: true }) => {
    // The cache would drop it too, but to write it takes several times its memory.
    if (leastBytesOf(value) > limits.storedText.max) texts.delete(key)
    else texts.set(key, JSON.stringify(value), options)
  }
  return {
    get: async (key) => read(key),
    async set(key, value, ttl) {
      write(key, value, ttl === undefined ? {} : { ttl })
    },
    delete: async (key) => texts.delete(key),
    // Without an await in between, nothing else runs.
    async update(key, change) {
      const value = change(read(key))
      write(key, value, { noUpdateTTL: true })
      return value
    },
    clear: async () => texts.clear(),
  }
}
