import { limits } from "../limits.ts"

/** How often the fault of a scenario has occurred in one scope. */
export interface FaultCount {
  /** Value of `x-mock-scope`, "" for requests without one. */
  readonly scope: string
  /** Name of the scenario. */
  readonly scenario: string
  readonly count: number
  /** How often it occurs before the answer is given. */
  readonly times: number
}

/** Counts faults by scope and scenario: the only state of scenarios. */
export interface FaultCounters {
  /** Counts a request and returns whether it must fail. */
  take(scope: string, scenario: string, times: number): boolean
  read(): readonly FaultCount[]
  /** Clears the counters of a scope. Default: of every scope. */
  clear(scope?: string): void
}

/** Creates counters that are all zero. */
export function createFaultCounters(): FaultCounters {
  const counts = new Map<string, FaultCount>()
  return {
    take(scope, scenario, times) {
      const key = JSON.stringify([scope, scenario])
      const count = counts.get(key)?.count ?? 0
      if (count >= times) return false
      counts.set(key, { scope, scenario, count: count + 1, times })
      const [oldest] = counts.keys()
      if (counts.size > limits.faultCounters.max && oldest !== undefined) counts.delete(oldest)
      return true
    },
    read: () => [...counts.values()],
    clear(scope) {
      if (scope === undefined) return counts.clear()
      for (const [key, count] of [...counts]) if (count.scope === scope) counts.delete(key)
    },
  }
}
