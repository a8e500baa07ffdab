import { open, readFile as readWhole } from "node:fs/promises"
import { type Exchange, fromHar, HarError, readTranscript, SessionLine, TranscriptError } from "@nexhina/wire"

/** Exchanges whose `sentAtMs` count from the same time. */
interface Session {
  readonly startedAt: Date
  readonly exchanges: Exchange[]
}

/** The content of a file of recordings. */
export interface RecordingFile {
  readonly sessions: readonly Session[]
  /** Number of exchanges without an end. */
  readonly unfinished: number
}

/** Returns whether the extension of a file is that of a transcript or of an HTTP Archive. */
export const isRecordingFile = (path: string): boolean => isTranscript(path) || isHar(path)

export const isTranscript = (path: string): boolean => /\.ndjson$/i.test(path)
export const isHar = (path: string): boolean => /\.har$/i.test(path)

/** Returns the URL of the first complete request of a transcript; `undefined` if it has no complete request. */
export async function firstTarget(path: string): Promise<string | undefined> {
  const file = await open(path)
  try {
    for await (const { request } of readTranscript(file.readLines())) return request.target
  } catch (error) {
    // Replaying the folder will say what is wrong with it.
    if (!(error instanceof TranscriptError)) throw error
  } finally {
    await file.close()
  }
  return undefined
}

/** Reads a transcript or an HTTP Archive, by its extension. Throws an error that names the file and the place. */
export async function readFile(path: string): Promise<RecordingFile> {
  try {
    return await (isHar(path) ? readArchive(path) : readLines(path))
  } catch (error) {
    const isOfFile =
      error instanceof TranscriptError || error instanceof HarError || error instanceof SyntaxError
    if (isOfFile) throw new Error(`${path}: ${error.message}`)
    throw error
  }
}

async function readArchive(path: string): Promise<RecordingFile> {
  const { startedAt, exchanges } = fromHar(JSON.parse(withoutMark(await readWhole(path, "utf8"))))
  return { sessions: [{ startedAt, exchanges: [...exchanges] }], unfinished: 0 }
}

/** Returns a text without the byte order mark that some tools write first. */
const withoutMark = (text: string) => text.replace(/^\uFEFF/, "")

async function readLines(path: string): Promise<RecordingFile> {
  // A transcript of the kit does not say when its run began.
  const sessions: Session[] = [{ startedAt: new Date(0), exchanges: [] }]
  const file = await open(path)
  const transcript = readTranscript(file.readLines(), {
    onForeignLine(line) {
      const session = SessionLine.safeParse(line).data
      if (session) sessions.push({ startedAt: new Date(session.startedAt), exchanges: [] })
    },
  })
  for await (const exchange of transcript) sessions.at(-1)?.exchanges.push(exchange)
  return { sessions, unfinished: transcript.summary().unfinished.length }
}
