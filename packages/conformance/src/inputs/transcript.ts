import { createRedactor, createWriter, type Exchange, readTranscript } from "@nexhina/wire"
import { type Evidence, evidenceOf } from "../evidence.ts"
import { Intent } from "../intent.ts"

/** Creates a function that writes exchanges and their intents as lines of a transcript, without the secrets. */
export function transcriptRecorder(
  write: (line: string) => void,
  secrets: readonly string[],
): (exchange: Exchange, intent: Intent) => void {
  const writer = createWriter({ write, secrets })
  const redactor = createRedactor(secrets)
  return (exchange, intent) => {
    const { fault } = intent
    writer.exchange(exchange, [
      { ...intent, ...(fault && { fault: { ...fault, says: redactor.text(fault.says) } }) },
    ])
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
