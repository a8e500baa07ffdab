import type { UnfinishedExchange } from "@nexhina/wire"
import type { RecordedPart } from "./recorded-samples.ts"

/** The requests of a recorded run, and how many of their exchanges the file has. */
export interface RequestMismatch {
  /** Number of the line that ends the run. */
  readonly line: number
  readonly sent: number
  readonly found: number
  /** Number of exchanges that are missing, without those whose lines are damaged. */
  readonly missing: number
}

interface EndedRun {
  readonly from: number
  readonly to: number
  readonly sent: number
  readonly found: number
  readonly damaged: number
}

/** Compares the number of requests with which a recorded run ends with its exchanges in the file. */
export class RequestCount {
  private from = 0
  private found = 0
  private damaged = 0
  private readonly ended: EndedRun[] = []

  /** Counts an exchange with an intent. */
  exchange(): void {
    this.found++
  }

  /** Counts exchanges that a damaged line has lost. */
  damage(exchanges: number): void {
    this.damaged += exchanges
  }

  /** Notes the beginning or the end of a run. */
  part(part: Extract<RecordedPart, { kind: "run" | "end" }>, line: number): void {
    if (part.kind === "end") {
      const { from, found, damaged } = this
      this.ended.push({ from, to: line, sent: part.line.requests, found, damaged })
    }
    this.from = line
    this.found = 0
    this.damaged = 0
  }

  /** Returns the runs of which exchanges are missing, or that have more than they sent. */
  mismatches(unfinished: readonly UnfinishedExchange[]): RequestMismatch[] {
    return this.ended.flatMap(({ from, to, sent, found, damaged }) => {
      const open = unfinished.filter(({ line }) => line > from && line < to).length
      const missing = Math.max(0, sent - found - damaged - open)
      return missing > 0 || found > sent ? [{ line: to, sent, found, missing }] : []
    })
  }
}
