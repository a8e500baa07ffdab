import type { Evidence } from "../evidence.ts"
import { isObject, parseJson } from "../reading/answered.ts"
import { shown } from "../reading/shown.ts"
import type { Where } from "../rule.ts"
import { eventAt, eventStreams } from "../views/sse.ts"

/** What a complete stream has: a reply, or nothing but an error. */
export interface StreamOutcome {
  readonly isReply: boolean
  /** The error in short, and its place. */
  readonly says: string
  readonly at: Where
}

type Members = Readonly<Record<string, unknown>>

/** Codes and words by which a server says that it would have replied at another time, or to another account. */
const busyCodes: readonly unknown[] = [402, 429, 503, 529].flatMap((code) => [code, String(code)])
const busyWords =
  /rate|quota|throttl|overload|capacity|busy|unavailable|loading|slow.?down|too many|time[d -]*out|retry|try again|balance|credit|billing/i

const isBusy = ({ code, type, message }: Members): boolean =>
  busyCodes.includes(code) || [code, type, message].some((said) => busyWords.test(String(said)))

/** Returns the error in the data of an event; all of the data is its message where it has no such members. */
function errorIn(data: string): Members {
  const json = parseJson(data)
  const value = json.ok && isObject(json.value) ? json.value : {}
  const error = value["error"] ?? value
  return isObject(error) && Object.keys(error).length > 0 ? error : { message: data }
}

/**
 * Returns what a stream has; `undefined` where it says nothing about streams: it did not end, the server was busy, or the
 * error is about what `isAboutOther` tells.
 */
export function streamOutcomeOf(
  exchange: Evidence,
  isAboutOther: (error: Members) => boolean,
): StreamOutcome | undefined {
  const stream = exchange.end.kind === "complete" ? eventStreams.of(exchange) : undefined
  if (!stream) return undefined
  const isReply = stream.payloads.some(({ kind }) => kind === "object")
  const [first] = stream.errors
  const event = stream.events[first ?? 0]
  if (!event || (first === undefined && !isReply)) return undefined
  const error = errorIn(event.data)
  if (!isReply && (isBusy(error) || isAboutOther(error))) return undefined
  return { isReply, says: shown(event.data), at: eventAt(stream, first ?? 0) }
}
