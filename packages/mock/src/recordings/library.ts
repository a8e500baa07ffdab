import { type Exchange, headerOf, type MockRequest } from "@nexhina/wire"
import { LRUCache } from "lru-cache"
import { canonicalJson } from "./difference.ts"
import { type MatchedRequest, matchedRequest, pathsOf } from "./matched-request.ts"

/** A recorded exchange and the name under which it was recorded, such as that of a test. */
export interface Recording {
  readonly name: string
  readonly exchange: Exchange
}

/** A recording with the members that it is matched on. */
interface IndexedRecording extends Recording {
  readonly matched: MatchedRequest
}

/** The result of looking for a recording. */
export type Lookup =
  | { readonly kind: "found"; readonly recording: IndexedRecording }
  /** `candidates` are the recordings in question, those of the same method and path if there are any. */
  | {
      readonly kind: "missing"
      readonly asked: MatchedRequest
      readonly candidates: readonly IndexedRecording[]
    }
  | { readonly kind: "unknown-name"; readonly name: string; readonly names: readonly string[] }

/** Recordings to answer from. */
export interface Library {
  /** Returns the recording that answers a request, and counts it as given. */
  find(request: MockRequest): Lookup
  /** Returns the methods that were recorded for the path of a request. */
  methodsOf(request: MockRequest): readonly string[]
  /** Starts the sequences of recordings of a scope again ("" for requests without one). Default: of every scope. */
  reset(scope?: string): void
}

/** Names the recordings to answer from; an unknown name is a miss. */
const recordingHeader = "x-mock-recording"
/** Keeps parallel tests apart. Also names recordings, if some have this name. */
const scopeHeader = "x-mock-scope"

/** The number of sequences whose position is remembered; beyond, those used least recently start again (chosen). */
const maxPositions = 10_000

/** The position in the recordings of one request, in one scope. */
interface Position {
  readonly scope: string | undefined
  readonly index: number
  readonly idempotencyKey: string | undefined
}

/**
 * Creates a library. Recordings without a whole reply are left out: those of a server that sent none, that a client
 * hung up on, or that exceeded a limit. Recordings of the same request are given in their order, and the last repeats.
 */
export function createLibrary(recordings: readonly Recording[]): Library {
  const indexed = recordings
    .filter(({ exchange }) => isReplayable(exchange))
    .map((recording) => ({ ...recording, matched: matchedRequest(recording.exchange.request) }))
  const byRequest = grouped(indexed, ({ matched }) =>
    pathsOf(matched.path).map((path) => keyOf(matched, path)),
  )
  const byPath = grouped(indexed, ({ matched }) => pathsOf(matched.path))
  const names = new Set(recordings.map(({ name }) => name))
  const positions = new LRUCache<string, Position>({ max: maxPositions })

  return {
    find(request) {
      const asked = matchedRequest(request)
      const wanted = headerOf(request.headers, recordingHeader)
      const scope = headerOf(request.headers, scopeHeader)
      if (wanted && !names.has(wanted)) return { kind: "unknown-name", name: wanted, names: [...names] }
      const name = wanted || (scope && names.has(scope) ? scope : undefined)
      const isNamed = (recording: Recording) => name === undefined || recording.name === name
      const key = keyOf(asked, asked.path)
      const sequence = (byRequest.get(key) ?? []).filter(isNamed)
      const place = JSON.stringify([scope, name, key])
      const position = nextPosition(sequence, positions.get(place), request)
      const recording = position && sequence[position.index]
      if (!recording) return { kind: "missing", asked, candidates: candidatesFor(asked, isNamed) }
      positions.set(place, { scope, ...position })
      return { kind: "found", recording }
    },
    methodsOf(request) {
      const found = byPath.get(matchedRequest(request).path) ?? []
      return [...new Set(found.map(({ matched }) => matched.method))]
    },
    reset(scope) {
      if (scope === undefined) return positions.clear()
      for (const [place, at] of [...positions.entries()]) {
        if ((at.scope ?? "") === scope) positions.delete(place)
      }
    },
  }

  function candidatesFor(asked: MatchedRequest, isNamed: (recording: Recording) => boolean) {
    const named = indexed.filter(isNamed)
    const alike = (byPath.get(asked.path) ?? []).filter(
      (recording) => isNamed(recording) && recording.matched.method === asked.method,
    )
    return alike.length > 0 ? alike : named
  }
}

/** Whether the reply of an exchange is there as far as the server has sent it. */
function isReplayable({ response, end }: Exchange): boolean {
  return response !== undefined && (end.kind === "complete" || end.kind === "truncated")
}

function grouped<Item>(
  items: readonly Item[],
  keysOf: (item: Item) => readonly string[],
): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key)
      if (group) group.push(item)
      else groups.set(key, [item])
    }
  }
  return groups
}

const keyOf = ({ method, query, body }: MatchedRequest, path: string) =>
  canonicalJson([method, path, query, body])

/**
 * Returns the position that answers a request: the next one, or the last again. A retry gets the recording of a retry
 * if one follows, and otherwise the same reply as before.
 */
function nextPosition(
  sequence: readonly Recording[],
  last: Position | undefined,
  request: MockRequest,
): Omit<Position, "scope"> | undefined {
  if (sequence.length === 0) return undefined
  const idempotencyKey = headerOf(request.headers, "idempotency-key")
  if (!last) return { index: 0, idempotencyKey }
  const isRetry =
    isCountedRetry(request) || (idempotencyKey !== undefined && idempotencyKey === last.idempotencyKey)
  if (isRetry) {
    const next = last.index + 1
    return { index: isRecordedRetry(sequence, next) ? next : last.index, idempotencyKey }
  }
  const next = sequence.findIndex((_, at) => at > last.index && !isRecordedRetry(sequence, at))
  return { index: next === -1 ? sequence.length - 1 : next, idempotencyKey }
}

/** Whether the recording at an index was a retry of the one before it. */
function isRecordedRetry(sequence: readonly Recording[], index: number): boolean {
  const { request } = sequence[index]?.exchange ?? {}
  if (!request) return false
  const before = sequence[index - 1]?.exchange.request
  const key = headerOf(request.headers, "idempotency-key")
  return (
    isCountedRetry(request) ||
    (key !== undefined && before !== undefined && key === headerOf(before.headers, "idempotency-key"))
  )
}

/** Whether an SDK says that it has sent this request before. */
const isCountedRetry = ({ headers }: Pick<MockRequest, "headers">) =>
  Number(headerOf(headers, "x-stainless-retry-count") ?? 0) > 0
