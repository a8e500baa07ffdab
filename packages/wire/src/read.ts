import type { z } from "zod"
import type { Exchange, ReceivedChunk } from "./exchange.ts"
import { type EncodedBytes, ForeignLine, type Line, lineSchemas } from "./line.ts"

/** Thrown when a transcript cannot be read further: the number of the line, from 1, and the reason. */
export class TranscriptError extends Error {
  override name = "TranscriptError"
  readonly line: number
  /** The message without the number of the line. */
  readonly says: string
  constructor(line: number, says: string) {
    super(`transcript line ${line}: ${says}`)
    this.line = line
    this.says = says
  }
}

/** What a transcript contains in addition to its finished exchanges. */
export interface TranscriptSummary {
  /** Number of finished exchanges. */
  readonly exchanges: number
  /** Ids of exchanges without an end, as a killed writer leaves them. */
  readonly unfinished: readonly string[]
  /** Whether the last line was cut off, for the same reason. */
  readonly torn: boolean
}

/** The finished exchanges of a transcript, in the order of their ends. Can be iterated once. */
export interface Transcript extends AsyncIterable<Exchange> {
  /** Returns what was read so far, which is everything when the iteration has ended. */
  summary(): TranscriptSummary
}

export interface ReadOptions {
  /** Called with each line of another program, such as `fact: intent`, in the order of the file. Default: skipped. */
  readonly onForeignLine?: (line: ForeignLine) => void
}

type LineOf<Fact extends Line["fact"]> = Extract<Line, { readonly fact: Fact }>

/** An exchange that has begun and not ended. */
interface OpenExchange {
  readonly request: LineOf<"request">
  /** Number of its first line. */
  readonly line: number
  readonly body: Uint8Array
  head?: LineOf<"head">
  readonly chunks: ReceivedChunk[]
}

/**
 * Reads the lines of a transcript. Only exchanges that have begun and not ended are held in memory. The iteration
 * throws a `TranscriptError` on a damaged line, unless it is the last line and was cut off.
 */
export function readTranscript(
  lines: AsyncIterable<string> | Iterable<string>,
  { onForeignLine }: ReadOptions = {},
): Transcript {
  const assembly = new Assembly()
  let exchanges = 0
  let torn: TranscriptError | undefined

  async function* read(): AsyncGenerator<Exchange> {
    let number = 0
    for await (const given of lines) {
      number++
      // Some editors write a byte order mark first.
      const text = number === 1 ? given.replace(/^\uFEFF/, "") : given
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
      const line = lineOf(value, number)
      if (isForeign(line)) {
        onForeignLine?.(line)
        continue
      }
      const exchange = assembly.add(line, number)
      if (!exchange) continue
      exchanges++
      yield exchange
    }
  }

  return {
    [Symbol.asyncIterator]: read,
    summary: () => ({
      exchanges,
      unfinished: assembly.unfinished().map(({ id }) => id),
      torn: torn !== undefined,
    }),
  }
}

/** Where an exchange begins: its id, and the number of its first line. */
export interface Beginning {
  readonly id: string
  readonly line: number
}

/** Puts lines together to exchanges. */
export class Assembly {
  private readonly open = new Map<string, OpenExchange>()
  private readonly abandoned: Beginning[] = []

  /** Returns the beginnings of exchanges without an end, those whose ids were used again first. */
  unfinished(): Beginning[] {
    return [...this.abandoned, ...Array.from(this.open, ([id, { line }]) => ({ id, line }))]
  }

  /** Forgets an exchange, of which a line is damaged. Returns whether it had begun. */
  forget(id: string): boolean {
    return this.open.delete(id)
  }

  /** Forgets every exchange that has begun, because a line of one of them is damaged. Returns their ids. */
  forgetAll(): string[] {
    const ids = [...this.open.keys()]
    this.open.clear()
    return ids
  }

  /** Adds a line to its exchange; returns the exchange when the line is its end. */
  add(line: Line, number: number): Exchange | undefined {
    if (line.fact === "request") {
      // A writer that was killed and started again counts from the beginning.
      const before = this.open.get(line.id)
      if (before) this.abandoned.push({ id: line.id, line: before.line })
      // The order of the map is that of the beginnings.
      this.open.delete(line.id)
      this.open.set(line.id, { request: line, line: number, body: bytesOf(line, number), chunks: [] })
      return undefined
    }
    const begun = this.open.get(line.id)
    if (!begun) {
      throw new TranscriptError(number, `${line.fact} of exchange "${line.id}", which has no request line.`)
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
        requireWhole(begun, line, number)
        this.open.delete(line.id)
        return exchangeOf(begun, line)
    }
  }
}

/** Throws a `TranscriptError` when lines of an exchange are missing that were written. */
function requireWhole({ head, chunks }: OpenExchange, end: LineOf<"end">, number: number): void {
  if (end.chunks === undefined || (head && chunks.length === end.chunks)) return
  const found = head ? `${chunks.length} of its ${end.chunks} chunks` : "no head"
  throw new TranscriptError(number, `the exchange "${end.id}" has ${found}.`)
}

const facts: ReadonlySet<string> = new Set(Object.keys(lineSchemas))

const isForeign = (line: Line | ForeignLine): line is ForeignLine => !facts.has(line.fact)

/** Returns a line as one of an exchange; `undefined` when it is of another program. */
export const ownLine = (line: Line | ForeignLine): Line | undefined =>
  facts.has(line.fact) ? (line as Line) : undefined

/** Returns a value of JSON as a line. Throws a `TranscriptError` when it is not one. */
export function lineOf(value: unknown, number: number): Line | ForeignLine {
  const { fact, v } = Object.assign({ fact: undefined, v: undefined }, value)
  if (typeof v === "number" && v > 1) {
    throw new TranscriptError(
      number,
      `version ${v} of the format; this reader supports version 1. Update @nexhina/wire to read it.`,
    )
  }
  const schema = Object.entries(lineSchemas).find(([name]) => name === fact)?.[1] ?? ForeignLine
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  if (schema === ForeignLine) {
    throw new TranscriptError(
      number,
      'not a line of a transcript: it is not a JSON object with a "fact", such as "request".',
    )
  }
  throw new TranscriptError(number, `in the ${fact} line, ${describe(parsed.error)}.`)
}

/** Describes the first fault of a line: the member and what it is not. */
function describe({ issues: [issue] }: z.ZodError): string {
  if (!issue) return "a member is invalid"
  const member = issue.path
    .map((key, depth) => (typeof key === "number" ? `[${key}]` : `${depth > 0 ? "." : ""}${String(key)}`))
    .join("")
  return `${member || "it"} is not ${expectedBy(issue)}`
}

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return issue.values.map((value) => JSON.stringify(value)).join(" or ")
  // Headers are the only values of a fixed length.
  if (issue.code === "too_small" || issue.code === "too_big") return "an array of two"
  if (issue.code !== "invalid_type") return "valid"
  if (issue.expected === "boolean") return "true or false"
  if (issue.expected === "tuple") return "an array of two"
  return `${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`
}

const utf8 = new TextEncoder()

function bytesOf({ body, encoding }: EncodedBytes, number: number): Uint8Array {
  if (!encoding) return utf8.encode(body)
  const bytes = Buffer.from(body, "base64")
  if (bytes.toString("base64") !== body) throw new TranscriptError(number, "its body is not valid base64.")
  return Uint8Array.from(bytes)
}

function exchangeOf({ request, body, head, chunks }: OpenExchange, end: LineOf<"end">): Exchange {
  return {
    v: 1,
    id: request.id,
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
