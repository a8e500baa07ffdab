import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

/** Milliseconds between two attempts to connect (chosen). */
const pauseMs = 200

/** Returns whether a connection can be made within some milliseconds. */
function accepts(url: URL, withinMs: number): Promise<boolean> {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80))
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port })
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.setTimeout(withinMs, () => end(false))
    socket.once("connect", () => end(true))
    socket.once("error", () => end(false))
  })
}

/** What happens while a target is waited for. */
interface WaitEvents {
  /** Ends the wait when it aborts. */
  readonly interrupt?: AbortSignal
  /** Called once, when the target did not accept the first connection. */
  readonly onWait?: () => void
}

/**
 * Waits until a target accepts connections, at most `maxMs` milliseconds. A target that never does is reported by the
 * run itself, with the reason.
 */
export async function waitForTarget(
  baseUrl: string,
  maxMs: number,
  { interrupt, onWait }: WaitEvents = {},
): Promise<void> {
  const url = new URL(baseUrl)
  const deadline = performance.now() + maxMs
  for (let attempt = 0; ; attempt++) {
    const leftMs = deadline - performance.now()
    if (leftMs <= 0 || interrupt?.aborted || (await accepts(url, leftMs))) return
    if (attempt === 0) onWait?.()
    await sleep(Math.min(pauseMs, Math.max(0, deadline - performance.now())), undefined, {
      ...(interrupt && { signal: interrupt }),
    }).catch(() => undefined)
  }
}
