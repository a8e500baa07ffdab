import { closeSync, writeSync } from "node:fs"
import { createDiscreetWriter, type Exchange, type SessionLine } from "@nexhina/wire"
import { fileErrorText } from "../files/file-error.ts"
import { transcriptRecorder } from "../inputs/transcript.ts"
import { limits } from "../limits.ts"
import type { Settings } from "../options/options.ts"
import type { RunEvents } from "../run.ts"
import { secretsOf } from "../target/to-wire.ts"
import { openForWriting } from "./report-output.ts"

/** A transcript that is being written. A failure to write ends the transcript and not the command. */
interface TranscriptFile {
  /** The sentence about the first failure, if there was one. */
  readonly problem: string | undefined
  close(): void
}

/** A file of lines up to the limit of a transcript. */
interface LineFile extends TranscriptFile {
  write(line: string): void
  /** Returns whether there is room for an exchange; if not, that is the problem. */
  takesExchange(): boolean
  /** Returns whether there is room for a line of another kind. */
  takesLine(): boolean
}

function openLines(path: string): LineFile {
  const file = openForWriting("--transcript", path)
  let problem: string | undefined
  let written = 0
  let isOpen = true
  const hasRoom = () => written < limits.transcriptBytes.max
  return {
    write(line) {
      if (problem !== undefined || !isOpen) return
      try {
        written += writeSync(file, `${line}\n`)
      } catch (error) {
        problem = `--transcript: cannot write '${path}': ${fileErrorText(error, "its folder")}`
      }
    },
    takesExchange() {
      if (!hasRoom())
        problem ??= `--transcript: '${path}' has reached its limit of ${limits.transcriptBytes.max} bytes; later exchanges are not in it`
      return hasRoom()
    },
    takesLine: hasRoom,
    get problem() {
      return problem
    },
    close() {
      if (isOpen) closeSync(file)
      isOpen = false
    },
  }
}

/** The transcript of a run. */
interface RunTranscript extends TranscriptFile {
  readonly events: Required<Pick<RunEvents, "onExchange" | "onLine">>
}

/** Opens the transcript of a run; undefined if none is asked for. */
export function openTranscript({ transcript: path, apiKey, header }: Settings): RunTranscript | undefined {
  if (path === undefined) return undefined
  const file = openLines(path)
  const recorder = transcriptRecorder(file.write, secretsOf({ apiKey, headers: header ?? [] }))
  return {
    events: {
      onExchange(exchange, intent) {
        if (file.takesExchange()) recorder.onExchange(exchange, intent)
      },
      onLine(line) {
        if (file.takesLine()) recorder.onLine(line)
      },
    },
    get problem() {
      return file.problem
    },
    close: file.close,
  }
}

/** The transcript of other clients' exchanges. */
interface ForeignTranscript extends TranscriptFile {
  add(exchange: Exchange): void
}

/** Opens a transcript of exchanges of other clients, whose credentials are redacted; undefined if none is asked for. */
export function openForeignTranscript(
  path: string | undefined,
  startedAt: Date,
): ForeignTranscript | undefined {
  if (path === undefined) return undefined
  const file = openLines(path)
  const session: SessionLine = { fact: "session", startedAt: startedAt.toISOString() }
  file.write(JSON.stringify(session))
  const write = createDiscreetWriter(file.write)
  return {
    add(exchange) {
      if (file.takesExchange()) write(exchange)
    },
    get problem() {
      return file.problem
    },
    close: file.close,
  }
}
