import { realTime } from "../real-time.ts"

/** Waits for a number of milliseconds, or rejects when the signal aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<unknown>

/**
 * Creates the waits of one reply, which follow one another and reject when the signal aborts. The default timer listens
 * to the signal once, not for each wait: a paced stream waits thousands of times.
 */
export function createWait(signal: AbortSignal, sleep?: Sleep): (ms: number) => Promise<unknown> {
  if (sleep) return (ms) => sleep(ms, signal)
  let id: ReturnType<typeof setTimeout> | undefined
  let leave: ((reason: unknown) => void) | undefined
  signal.addEventListener("abort", () => {
    realTime.clearTimeout(id)
    leave?.(signal.reason)
  })
  return (ms) =>
    new Promise((wake, reject) => {
      if (signal.aborted) {
        reject(signal.reason)
        return
      }
      leave = reject
      id = realTime.setTimeout(wake, ms)
    })
}
