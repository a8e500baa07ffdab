/** The virtual time of a mock, which stored state, quotas and video jobs follow. Pacing does not. */
export interface MockClock {
  /** Milliseconds since the mock was created, including what was advanced. */
  readonly elapsedMs: number
  /**
   * Moves both clocks forward: elapsed time, and the stamps of replies in whole seconds. `reset` of the mock moves them
   * back. Throws a `RangeError` when `ms` is negative or not finite.
   */
  advance(ms: number): void
}

/** The two clocks of a mock. */
export interface Clocks extends MockClock {
  /** Milliseconds by which stored state is dated, including what was advanced: mocks that share a store agree on them. */
  readonly sharedMs: number
  /** Returns the time for the stamps of replies, in Unix seconds. */
  stamp(): number
  /** Takes back what was advanced. */
  reset(): void
}

/** Creates the clocks of one mock from a clock of stamps (Unix seconds) and one of elapsed time (milliseconds). */
export function createClocks(stamp: () => number, elapsed: () => number): Clocks {
  const createdMs = elapsed()
  let advancedMs = 0
  return {
    get sharedMs() {
      return elapsed() + advancedMs
    },
    get elapsedMs() {
      return elapsed() - createdMs + advancedMs
    },
    advance(ms) {
      if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
        throw new RangeError(`A clock moves forward by milliseconds, but got ${ms}.`)
      }
      advancedMs += ms
    },
    stamp: () => (advancedMs === 0 ? stamp() : stamp() + Math.floor(advancedMs / 1000)),
    reset() {
      advancedMs = 0
    },
  }
}
