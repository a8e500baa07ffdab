import { LRUCache } from "lru-cache"

/** Where the mock keeps what it can be asked for again: plain JSON values by key. */
export interface Store {
  /** Undefined when there is none. */
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  /** Whether there was one. */
  delete(key: string): Promise<boolean>
}

/** The most text that is kept, in UTF-16 units: what was used longest ago is forgotten first (chosen). */
const mostText = 64 * 2 ** 20

/** A store that lasts as long as the process. */
export function memoryStore(): Store {
  const texts = new LRUCache<string, string>({ maxSize: mostText, sizeCalculation: ({ length }) => length })
  return {
    async get(key) {
      const text = texts.get(key)
      return text === undefined ? undefined : JSON.parse(text)
    },
    async set(key, value) {
      texts.set(key, JSON.stringify(value))
    },
    async delete(key) {
      return texts.delete(key)
    },
  }
}
