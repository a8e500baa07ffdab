/** Waits for a number of milliseconds, or rejects when the signal aborts. Cheaper than the timer of `node:timers/promises`. */
export function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((wake, reject) => {
    const leave = () => {
      clearTimeout(id)
      reject(signal.reason)
    }
    const id = setTimeout(() => {
      signal.removeEventListener("abort", leave)
      wake()
    }, ms)
    if (signal.aborted) leave()
    else signal.addEventListener("abort", leave)
  })
}
