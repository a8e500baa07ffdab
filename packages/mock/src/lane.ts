import type { MockRequest } from "@nexhina/wire"
import { realTime } from "./real-time.ts"

/** Waits when the task has worked for a while, so that other requests are served. Rejects when the client has left. */
export type Pause = () => Promise<void> | undefined

/** Runs the long computations of one request in turn with those of others, and stops when its client has left. */
export interface Lane {
  /** Returns the signal that aborts when the client no longer waits for the reply. */
  signal(): AbortSignal | undefined
  /** Resolves in a turn of the event loop that no other step shares. Rejects with the signal's reason. */
  turn(): Promise<void>
  /**
   * Calls the task when the tasks before it have ended. It awaits `pause` between its steps. Rejects with the signal's
   * reason when the signal aborts: a task that waits is then never called.
   */
  run<Result>(task: (pause: Pause) => Promise<Result>): Promise<Result>
}

/** Runs long computations one at a time and in steps, so that other requests are served in between. */
export interface SharedLane {
  /** Returns the lane as one request uses it. */
  of(request: Pick<MockRequest, "signal">): Lane
}

/** Milliseconds that a task works between two pauses (chosen). */
const stepMs = 8

/** Creates the lane of one mock. */
export function createLane(): SharedLane {
  const turns = createQueue()
  const tasks = createQueue()
  let isScheduled = false
  let isBusy = false

  function scheduleTurn(): void {
    if (isScheduled || turns.isEmpty()) return
    isScheduled = true
    schedule(() => {
      isScheduled = false
      turns.startNext()
      scheduleTurn()
    })
  }
  function turn(signal: AbortSignal | undefined): Promise<void> {
    const started = turns.wait(signal)
    scheduleTurn()
    return started
  }
  async function run<Result>(
    task: (pause: Pause) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    if (isBusy) await tasks.wait(signal)
    isBusy = true
    try {
      await turn(signal)
      let since = performance.now()
      return await task(() => {
        if (performance.now() - since < stepMs) return undefined
        return turn(signal).then(() => {
          since = performance.now()
        })
      })
    } finally {
      // It stays busy until the next task continues: no other one starts in between.
      isBusy = tasks.startNext()
    }
  }
  return {
    of: (request) => ({
      signal: () => request.signal,
      turn: () => turn(request.signal),
      run: (task) => run(task, request.signal),
    }),
  }
}

/** Those that wait, in the order of their arrival. */
interface Queue {
  isEmpty(): boolean
  /** Resolves when it is started. Rejects with the signal's reason, and leaves the queue, when the signal aborts. */
  wait(signal: AbortSignal | undefined): Promise<void>
  /** Starts the one that has waited longest. Returns whether there was one. */
  startNext(): boolean
}

function createQueue(): Queue {
  const waiting = new Set<() => void>()
  return {
    isEmpty: () => waiting.size === 0,
    wait: (signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const leave = () => {
          waiting.delete(start)
          reject(signal?.reason)
        }
        const start = () => {
          signal?.removeEventListener("abort", leave)
          resolve()
        }
        signal?.addEventListener("abort", leave)
        waiting.add(start)
      }),
    startNext() {
      const [start] = waiting
      if (start === undefined) return false
      waiting.delete(start)
      start()
      return true
    },
  }
}

/**
 * Calls back after two turns of the event loop with their input and output: a new client's connection is accepted in one,
 * and its request is read in the next.
 */
function schedule(wake: () => void): void {
  realTime.nextTurn(() => realTime.nextTurn(wake))
}
