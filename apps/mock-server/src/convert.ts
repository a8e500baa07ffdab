import {
  createRedactor,
  createWriter,
  credentialsIn,
  type ForeignLine,
  type SessionLine,
  toHar,
} from "@nexhina/wire"
import { counted } from "./counted.ts"
import { fileErrorMessage } from "./readable.ts"
import { isHar, isTranscript, type RecordingFile, readFile } from "./recording-file.ts"
import { version } from "./version.ts"
import { writeNew } from "./write-new.ts"

/** The command that converts a file of recordings. */
export interface Conversion {
  readonly name: "convert"
  readonly input: string
  /** A file that does not exist. */
  readonly output: string
}

/** Converts a transcript into an HTTP Archive or the reverse, prints what it did, and exits with 2 if it cannot. */
export async function convert({ input, output }: Omit<Conversion, "name">): Promise<void> {
  if (!((isTranscript(input) && isHar(output)) || (isHar(input) && isTranscript(output)))) {
    return fail(`cannot convert ${input} to ${output}: one must end in .ndjson and the other in .har`)
  }
  try {
    const file = await readFile(input)
    await writeNew(output, isHar(output) ? archiveOf(file) : transcriptOf(file))
    const count = file.sessions.reduce((sum, { exchanges }) => sum + exchanges.length, 0)
    const left = file.unfinished > 0 ? `; ${file.unfinished} without an end are left out` : ""
    console.log(`${counted(count, "exchange")} written to ${output}${left}`)
  } catch (error) {
    fail(fileErrorMessage(error))
  }
}

function fail(message: string): void {
  console.error(`error: ${message}`)
  process.exitCode = 2
}

function archiveOf({ sessions }: RecordingFile): string {
  const redactor = createRedactor(secretsIn(sessions))
  const dated = sessions.flatMap(({ startedAt, exchanges }) =>
    exchanges.map((exchange) => ({ startedAt, exchange: redactor.exchange(exchange) })),
  )
  return `${JSON.stringify(toHar(dated, { name: "nexhina-mock", version }), null, 2)}\n`
}

function transcriptOf({ sessions }: RecordingFile): string {
  const lines: string[] = []
  const writer = createWriter({ write: (line) => lines.push(line), secrets: secretsIn(sessions) })
  for (const { startedAt, exchanges } of sessions) {
    const session: SessionLine & ForeignLine = { fact: "session", startedAt: startedAt.toISOString() }
    lines.push(JSON.stringify(session))
    for (const exchange of exchanges) writer.exchange(exchange)
  }
  return lines.map((line) => `${line}\n`).join("")
}

/** Archives of browsers contain the credentials as they were sent. */
function secretsIn(sessions: RecordingFile["sessions"]): string[] {
  return [
    ...new Set(sessions.flatMap(({ exchanges }) => exchanges.flatMap((exchange) => credentialsIn(exchange)))),
  ]
}
