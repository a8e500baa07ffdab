const { clearTimeout, performance, setTimeout } = globalThis

/**
 * The timers and the clock as they were when the mock was loaded. Test runners replace the global ones, as
 * `vi.useFakeTimers()` does, and a reply to the application under test must not wait until a test moves them.
 */
export const realTime = {
  setTimeout: setTimeout.bind(globalThis),
  clearTimeout: clearTimeout.bind(globalThis),
  /** Calls back in another turn of the event loop. Not every runtime has `setImmediate`; timers of browsers take milliseconds. */
  nextTurn: (globalThis.setImmediate ?? setTimeout).bind(globalThis) as (wake: () => void) => unknown,
  /** Milliseconds since the process started. */
  now: performance.now.bind(performance),
} as const
