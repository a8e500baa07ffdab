import { createRedactor, createWriter, type Exchange, readTranscript } from "@nexhina/wire"
import { type Evidence, evidenceOf } from "../evidence.ts"
import { Intent } from "./intent.ts"
import type { RunLines } from "./run-line.ts"

/** Writes a run as a transcript. */
export interface TranscriptRecorder {
  readonly onExchange: (exchange: Exchange, intent: Intent) => void
  readonly onLine: (line: RunLines) => void
}

/** Creates a recorder that writes lines of a transcript, without the secrets. */
export function transcriptRecorder(
  write: (line: string) => void,
  secrets: readonly string[],
): TranscriptRecorder {
  const writer = createWriter({ write, secrets })
  const redactor = createRedactor(secrets)
  const redacted = (_: string, value: unknown) => (typeof value === "string" ? redactor.text(value) : value)
  return {
    onExchange(exchange, intent) {
      const { fault } = intent
      writer.exchange(exchange, [
        { ...intent, ...(fault && { fault: { ...fault, says: redactor.text(fault.says) } }) },
      ])
    },
    onLine(line) {
      writer.line(JSON.parse(JSON.stringify(line), redacted))
    },
  }
}

/**
 * Reads a transcript as evidence. Facts are stated where the transcript contains the intent, and inferred otherwise.
 * Only exchanges and intents that have begun and not ended are held in memory.
 * @throws {TranscriptError} on a damaged line.
 */
export async function* readEvidence(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<Evidence> {
  const intents = new Map<string, Intent>()
  const transcript = readTranscript(lines, {
    onForeignLine(line) {
      const intent = Intent.safeParse(line).data
      if (intent) intents.set(intent.id, intent)
    },
  })
  for await (const exchange of transcript) {
    yield evidenceOf(exchange, intents.get(exchange.id))
    intents.delete(exchange.id)
  }
}
