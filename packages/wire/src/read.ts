import type { Exchange, ReceivedChunk } from "./exchange.ts"
import { type Line, lineShapes } from "./line.ts"
import { ShapeError } from "./shape.ts"

/** A transcript that cannot be read on: which line it is, counted from 1, and why. */
export class TranscriptError extends Error {
  override name = "TranscriptError"
  readonly line: number
  constructor(line: number, says: string) {
    super(`transcript line ${line}: ${says}`)
    this.line = line
  }
}

/** What a transcript holds besides its finished exchanges. */
export interface TranscriptSummary {
  /** How many exchanges were finished. */
  readonly exchanges: number
  /** Ids of exchanges without an end, as a killed writer leaves them. */
  readonly unfinished: readonly string[]
  /** Whether the last line was cut off, for the same reason. */
  readonly torn: boolean
}

/** The finished exchanges of a transcript, in the order of their ends, read one by one. To be iterated once. */
export interface Transcript extends AsyncIterable<Exchange> {
  /** What was read so far: the whole when the iteration has come to its end. */
  summary(): TranscriptSummary
}

type LineOf<Fact extends Line["fact"]> = Extract<Line, { readonly fact: Fact }>

interface Open {
  readonly request: LineOf<"request">
  readonly body: Uint8Array
  head?: LineOf<"head">
  readonly chunks: ReceivedChunk[]
}

/**
 * Reads the lines of a transcript; no more is held than the exchanges that have begun and not ended. The iteration
 * throws a `TranscriptError` on a line that is no line of a transcript, unless it is the last and was cut off.
 */
export function readTranscript(lines: AsyncIterable<string> | Iterable<string>): Transcript {
  const open = new Map<string, Open>()
  const abandoned: string[] = []
  let exchanges = 0
  let torn: TranscriptError | undefined

  async function* read(): AsyncGenerator<Exchange> {
    let number = 0
    for await (const text of lines) {
      number++
      if (text.trim() === "") continue
      if (torn) throw torn
      let value: unknown
      try {
        value = JSON.parse(text)
      } catch {
        torn = new TranscriptError(
          number,
          "not JSON. A transcript has one JSON object on each line; only the last may be cut off.",
        )
        continue
      }
      const exchange = take(lineOf(value, number), number)
      if (!exchange) continue
      exchanges++
      yield exchange
    }
  }

  /** Adds a line to its exchange; gives the exchange when the line is its end. */
  function take(line: Line, number: number): Exchange | undefined {
    if (line.fact === "request") {
      // A writer that was killed and started again counts from the beginning.
      if (open.delete(line.id)) abandoned.push(line.id)
      open.set(line.id, { request: line, body: bytesOf(line, number), chunks: [] })
      return undefined
    }
    const begun = open.get(line.id)
    if (!begun) {
      throw new TranscriptError(
        number,
        `${line.fact} of exchange "${line.id}", whose request is on no line before.`,
      )
    }
    switch (line.fact) {
      case "head":
        if (begun.head) throw new TranscriptError(number, `a second head of exchange "${line.id}".`)
        begun.head = line
        return undefined
      case "chunk":
        if (!begun.head)
          throw new TranscriptError(number, `a chunk of exchange "${line.id}" before its head.`)
        begun.chunks.push({ atMs: line.atMs, bytes: bytesOf(line, number) })
        return undefined
      case "end":
        open.delete(line.id)
        return exchangeOf(begun, line)
    }
  }

  return {
    [Symbol.asyncIterator]: read,
    summary: () => ({ exchanges, unfinished: [...abandoned, ...open.keys()], torn: torn !== undefined }),
  }
}

function lineOf(value: unknown, number: number): Line {
  const { fact, v } = Object.assign({ fact: undefined, v: undefined }, value)
  if (typeof v === "number" && v > 1) {
    throw new TranscriptError(
      number,
      `version ${v} of the format; this reader knows version 1. Update @nexhina/wire to read it.`,
    )
  }
  const shape = Object.entries(lineShapes).find(([name]) => name === fact)?.[1]
  if (!shape) throw new TranscriptError(number, `no line of a transcript: its "fact" is none of ${facts}.`)
  try {
    return shape(value, "")
  } catch (error) {
    if (error instanceof ShapeError)
      throw new TranscriptError(number, `in the ${fact} line, ${error.message}.`)
    throw error
  }
}

const facts = Object.keys(lineShapes).join(", ")

const utf8 = new TextEncoder()

function bytesOf({ body, encoding }: LineOf<"request" | "chunk">, number: number): Uint8Array {
  if (!encoding) return utf8.encode(body)
  const bytes = Buffer.from(body, "base64")
  if (bytes.toString("base64") !== body) throw new TranscriptError(number, "its body is no base64.")
  return Uint8Array.from(bytes)
}

function exchangeOf({ request, body, head, chunks }: Open, end: LineOf<"end">): Exchange {
  return {
    v: 1,
    id: request.id,
    ...(request.intent && { intent: request.intent }),
    request: {
      method: request.method,
      target: request.target,
      headers: request.headers,
      body,
      sentAtMs: request.sentAtMs,
    },
    ...(head && {
      response: { status: head.status, headers: head.headers, trailers: end.trailers ?? [], chunks },
    }),
    end: {
      kind: end.kind,
      ...(end.code !== undefined && { code: end.code }),
      ...(end.stage !== undefined && { stage: end.stage }),
      atMs: end.atMs,
    },
    fidelity: request.fidelity,
    ...(end.redacted && { redacted: end.redacted }),
  }
}
