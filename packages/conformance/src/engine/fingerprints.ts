import { hash } from "node:crypto"

/** Number of 32-bit numbers of an entry: two of its key, one of its value. */
const width = 3

/** The entries may take up this share of the table. */
const fill = 0.75

/**
 * Remembers the first value of each key by their hashes, in at most 64 bytes for each: two values of a key are taken for
 * one once in 2^32 times, two keys practically never.
 */
export class Fingerprints {
  private readonly max: number
  private table = new Uint32Array(width * 1024)
  private size = 0

  /** `max` is the number of keys that are remembered. */
  constructor(max: number) {
    this.max = max
  }

  /** Adds a value. Returns `other` when its key had another value before, and `full` when a new key has no room. */
  add(key: string, value: string): "new" | "same" | "other" | "full" {
    const [high, low, hash] = hashOf(key, value)
    const at = this.placeOf(this.table, high, low)
    // The lowest bit of a key is set, so that an empty place is never equal to a key.
    if (this.table[at + 1] !== 0) return this.table[at + 2] === hash ? "same" : "other"
    if (this.size >= this.max) return "full"
    this.table.set([high, low, hash], at)
    this.size++
    if (this.size > (this.table.length / width) * fill) this.grow()
    return "new"
  }

  /** Returns the place of a key, or the empty one where it belongs. */
  private placeOf(table: Uint32Array, high: number, low: number): number {
    const places = table.length / width
    let place = high % places
    while (table[place * width + 1] !== 0) {
      if (table[place * width] === high && table[place * width + 1] === low) break
      place = (place + 1) % places
    }
    return place * width
  }

  private grow(): void {
    const table = new Uint32Array(this.table.length * 2)
    for (let at = 0; at < this.table.length; at += width) {
      const [high = 0, low = 0] = this.table.subarray(at, at + 2)
      if (low !== 0) table.set(this.table.subarray(at, at + width), this.placeOf(table, high, low))
    }
    this.table = table
  }
}

function hashOf(key: string, value: string): readonly [high: number, low: number, value: number] {
  const digest = hash("sha256", key, "buffer")
  const ofValue = hash("sha256", value, "buffer")
  return [digest.readUInt32LE(0), (digest.readUInt32LE(4) | 1) >>> 0, ofValue.readUInt32LE(0)]
}
