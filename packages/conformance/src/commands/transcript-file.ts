import { closeSync, writeSync } from "node:fs"
import { fileErrorText } from "../files/file-error.ts"
import { transcriptRecorder } from "../inputs/transcript.ts"
import { limits } from "../limits.ts"
import type { Settings } from "../options/options.ts"
import type { RunEvents } from "../run.ts"
import { secretsOf } from "../target/to-wire.ts"
import { openForWriting } from "./report-output.ts"

/** The transcript of a run. A failure to write ends the transcript and not the run. */
interface TranscriptFile {
  readonly events: Required<Pick<RunEvents, "onExchange" | "onLine">>
  /** The sentence about the first failure, if there was one. */
  readonly problem: string | undefined
  close(): void
}

export function openTranscript({ transcript: path, apiKey, header }: Settings): TranscriptFile | undefined {
  if (path === undefined) return undefined
  const file = openForWriting("--transcript", path)
  let problem: string | undefined
  let written = 0
  let isOpen = true
  const write = (line: string) => {
    if (problem !== undefined) return
    try {
      written += writeSync(file, `${line}\n`)
    } catch (error) {
      problem = `--transcript: cannot write '${path}': ${fileErrorText(error, "its folder")}`
    }
  }
  const recorder = transcriptRecorder(write, secretsOf({ apiKey, headers: header ?? [] }))
  return {
    events: {
      onExchange(exchange, intent) {
        if (written < limits.transcriptBytes.max) recorder.onExchange(exchange, intent)
        else
          problem ??= `--transcript: '${path}' has reached its limit of ${limits.transcriptBytes.max} bytes; later exchanges are not in it`
      },
      onLine(line) {
        if (written < limits.transcriptBytes.max) recorder.onLine(line)
      },
    },
    get problem() {
      return problem
    },
    close() {
      if (isOpen) closeSync(file)
      isOpen = false
    },
  }
}
