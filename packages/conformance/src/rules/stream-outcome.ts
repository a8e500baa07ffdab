import { readPayload } from "@nexhina/stream"
import type { Evidence } from "../evidence.ts"
import { isObject } from "../reading/answered.ts"
import { shown } from "../reading/shown.ts"
import type { Where } from "../rule.ts"
import { transientStatuses } from "../target/to-wire.ts"
import { eventAt, eventStreams } from "../views/sse.ts"

/** What a complete stream contains: a reply, or only errors, of which this is the first. */
export type StreamOutcome =
  | { readonly isReply: true }
  | { readonly isReply: false; readonly says: string; readonly at: Where }

type Members = Readonly<Record<string, unknown>>

const paymentRequired = 402

/** Words in errors of a server that would reply at another time, or to another account (chosen). */
const busyWords =
  /rate.?limit|rate exceeded|quota|throttl|overload|capacity|busy|unavailable|loading|slow.?down|too many|time[d -]*out|retry|try again|balance|credit|billing/i

function isBusy({ code, type, message }: Members): boolean {
  const status = Number(code)
  if (status === paymentRequired || transientStatuses.has(status)) return true
  return [code, type, message].some((said) => busyWords.test(String(said)))
}

/** Returns the error in an event; its data is the message where it is not an object. */
function errorIn(event: Parameters<typeof readPayload>[0]): Members {
  const payload = readPayload(event)
  const error = payload.kind === "error" ? payload.error : payload.kind === "json" && payload.json
  return isObject(error) ? error : { message: event.data }
}

/**
 * Returns what a stream contains; `undefined` for a stream that did not end or has no events, for errors of a busy server,
 * and for errors of which `isAboutOther` returns true: they do not show whether the server can stream.
 */
export function streamOutcomeOf(
  exchange: Evidence,
  isAboutOther: (error: Members) => boolean,
): StreamOutcome | undefined {
  const stream = exchange.end.kind === "complete" ? eventStreams.of(exchange) : undefined
  if (!stream) return undefined
  if (stream.payloads.some(({ kind }) => kind === "object")) return { isReply: true }
  const [first] = stream.errors
  const event = first === undefined ? undefined : stream.events[first]
  if (first === undefined || !event) return undefined
  const error = errorIn(event)
  if (isBusy(error) || isAboutOther(error)) return undefined
  return { isReply: false, says: shown(event.data), at: eventAt(stream, first) }
}
