import { setTimeout as sleep } from "node:timers/promises"
import type { Exchange } from "@nexhina/wire"

/** Milliseconds between two requests (chosen). */
const pauseMs = 200

/** Milliseconds after which a target that has not answered yet is reported as one that is waited for (chosen). */
const defaultNoticeMs = 2_000

/** What a proxy answers for a server that is not there yet, and a server that is loading a model. */
const notReady: ReadonlySet<number> = new Set([502, 503, 504])
/** Codes of failures that waiting does not mend: the certificate, or a server without TLS. */
const final = /CERT|SIGNATURE|TLS|EPROTO/

/** Returns why a target is not ready, such as `ECONNREFUSED` or `503`; undefined when it is. */
function obstacleIn({ response, end: { code = "no response" } }: Exchange): string | undefined {
  if (response) return notReady.has(response.status) ? String(response.status) : undefined
  return final.test(code) ? undefined : code
}

/** What happens while a target is waited for. */
interface WaitEvents {
  /** Ends the wait when it aborts. */
  readonly interrupt?: AbortSignal
  /** Called once with the reason, when the target was not ready at first, or has not answered for a while. */
  readonly onWait?: (reason: string) => void
  /** Milliseconds after which `onWait` is called for a target that accepts a request and does not answer. Default: 2,000. */
  readonly noticeMs?: number
}

/**
 * Waits until a target answers a request with another status than 502, 503 and 504, at most `maxMs` milliseconds. A
 * target that never does is reported by the run itself, with the reason.
 */
export async function waitForTarget(
  ask: (signal: AbortSignal) => Promise<Exchange>,
  maxMs: number,
  { interrupt, onWait, noticeMs = defaultNoticeMs }: WaitEvents = {},
): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(Math.ceil(maxMs)), ...(interrupt ? [interrupt] : [])])
  let isSaid = false
  const say = (reason: string) => {
    if (!isSaid) onWait?.(reason)
    isSaid = true
  }
  const notice = setTimeout(say, noticeMs, "no response yet")
  try {
    while (!signal.aborted) {
      const obstacle = obstacleIn(await ask(signal))
      if (obstacle === undefined) return
      say(obstacle)
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    clearTimeout(notice)
  }
}
