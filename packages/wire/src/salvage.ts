import type { Exchange } from "./exchange.ts"
import type { ForeignLine } from "./line.ts"
import { Assembly, lineOf, ownLine, TranscriptError } from "./read.ts"

/** A line of a file without its line break, or why it cannot be read as text. */
export type FileLine = (
  | { readonly text: string; readonly fault?: undefined }
  | { readonly text?: undefined; readonly fault: string }
) & {
  /** Number of blank lines that were omitted before it. Default: 0. */
  readonly blank?: number
}

/** A part of a transcript, in the order of the file. */
export type SalvagedItem =
  | { readonly kind: "exchange"; readonly exchange: Exchange }
  | { readonly kind: "line"; readonly line: ForeignLine; readonly number: number }
  /** A damaged line, and the ids of the exchanges that are lost with it. */
  | { readonly kind: "damage"; readonly error: TranscriptError; readonly lost: readonly string[] }
  /** The end of the file: exchanges without an end, and the number of the last line if it was cut off. */
  | { readonly kind: "end"; readonly unfinished: readonly UnfinishedExchange[]; readonly tornLine?: number }

/** An exchange that has begun and has no end. */
export interface UnfinishedExchange {
  readonly id: string
  /** Number of its first line. */
  readonly line: number
  /** Whether no other exchange began after it: a writer that was killed leaves such a one. */
  readonly isLast: boolean
}

/**
 * Reads what is readable of a damaged transcript: the finished exchanges and the lines of other programs. An exchange of
 * which a line is damaged is lost as a whole. Only exchanges that have begun and not ended are held in memory.
 */
export async function* salvageTranscript(
  lines: AsyncIterable<FileLine> | Iterable<FileLine>,
): AsyncGenerator<SalvagedItem> {
  const salvage = new Salvage()
  let number = 0
  let torn: TranscriptError | undefined
  for await (const { text, fault, blank = 0 } of lines) {
    number += blank + 1
    if (text?.trim() === "") continue
    if (torn) yield salvage.damageOfAll(torn)
    torn = undefined
    const value = parsed(text)
    if (value === undefined) {
      torn = new TranscriptError(number, fault ?? "not JSON. A transcript has one JSON object on each line.")
      continue
    }
    const item = salvage.add(value.json, number)
    if (item) yield item
  }
  yield { kind: "end", unfinished: salvage.unfinished(), ...(torn && { tornLine: torn.line }) }
}

function parsed(text: string | undefined): { readonly json: unknown } | undefined {
  if (text === undefined) return undefined
  try {
    return { json: JSON.parse(text) }
  } catch {
    return undefined
  }
}

class Salvage {
  private readonly assembly = new Assembly()
  /** Ids of lost exchanges of which more lines may follow. */
  private readonly lost = new Set<string>()
  /** Number of the line with which the last exchange began. */
  private lastBeginning = 0

  unfinished(): UnfinishedExchange[] {
    return this.assembly
      .unfinished()
      .map((beginning) => ({ ...beginning, isLast: beginning.line === this.lastBeginning }))
  }

  /** Any of the exchanges that have begun can be the one of a line that cannot be read. */
  damageOfAll(error: TranscriptError): SalvagedItem {
    const lost = this.assembly.forgetAll()
    for (const id of lost) this.lost.add(id)
    return { kind: "damage", error, lost }
  }

  add(value: unknown, number: number): SalvagedItem | undefined {
    try {
      const line = lineOf(value, number)
      const own = ownLine(line)
      if (!own) return { kind: "line", line, number }
      if (own.fact === "request") {
        this.lost.delete(own.id)
        this.lastBeginning = number
      } else if (this.lost.has(own.id)) {
        if (own.fact === "end") this.lost.delete(own.id)
        return undefined
      }
      const exchange = this.assembly.add(own, number)
      return exchange && { kind: "exchange", exchange }
    } catch (error) {
      if (!(error instanceof TranscriptError)) throw error
      const id = idOf(value)
      if (id === undefined) return this.damageOfAll(error)
      const isNew = this.assembly.forget(id) || !this.lost.has(id)
      this.lost.add(id)
      return { kind: "damage", error, lost: isNew ? [id] : [] }
    }
  }
}

/** Returns the id of the exchange that a line names. */
function idOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("id" in value)) return undefined
  return typeof value.id === "string" ? value.id : undefined
}
