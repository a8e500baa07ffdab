/** Waits when the task has worked for a while, so that other requests are served. */
export type Pause = () => Promise<void> | undefined

/** Runs long computations one at a time and in steps, so that other requests are served in between. */
export interface Lane {
  /** Resolves in a turn of the event loop that no other step shares. */
  turn(): Promise<void>
  /** Calls the task when the tasks before it have ended. It awaits `pause` between its steps. */
  run<Result>(task: (pause: Pause) => Promise<Result>): Promise<Result>
}

/** Milliseconds that a task works between two pauses (chosen). */
const stepMs = 8

/** Creates the lane of one mock. */
export function createLane(): Lane {
  let lastTurn: Promise<unknown> = Promise.resolve()
  let lastTask: Promise<unknown> = Promise.resolve()

  function turn(): Promise<void> {
    const next = lastTurn.then(nextTurn)
    lastTurn = next
    return next
  }
  return {
    turn,
    run(task) {
      const started = async () => {
        await turn()
        let since = performance.now()
        return task(() => {
          if (performance.now() - since < stepMs) return undefined
          return turn().then(() => {
            since = performance.now()
          })
        })
      }
      const result = lastTask.then(started, started)
      lastTask = result
      return result
    },
  }
}

/** Waits for the next turn of the event loop, after pending input and output. */
function nextTurn(): Promise<void> {
  // Not every runtime has `setImmediate`; timers of browsers take milliseconds.
  const schedule: (wake: () => void) => unknown = globalThis.setImmediate ?? setTimeout
  return new Promise((resolve) => schedule(resolve))
}
