import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import type { Recording } from "@nexhina/mock/recordings"
import type { Exchange, SessionLine } from "@nexhina/wire"
import { firstTarget, isRecordingFile, isTranscript, readFile } from "./recording-file.ts"

/** The name of recordings whose requests do not have a name. */
const defaultName = "recording"
const extension = ".ndjson"
/** Maximum length of a file's name in most file systems, in bytes. */
const maxFileName = 255

/** Returns the file of the recordings of a name; undefined when the name is too long for one. */
export function fileNameOf(name: string | undefined): string | undefined {
  const file =
    encodeURIComponent(name || defaultName).replace(/[!'()*~.]/g, (character) =>
      character === "." ? "." : `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ) + extension
  return Buffer.byteLength(file) > maxFileName ? undefined : file
}

/** Returns the name of the recordings in a file. */
export function nameOf(file: string): string {
  const name = file.replace(/\.[^.]*$/, "")
  try {
    return decodeURIComponent(name)
  } catch {
    // A file of another origin.
    return name
  }
}

/** Appends lines to a file of recordings. */
export type Append = (file: string, lines: readonly string[]) => void

/**
 * Creates a function that appends to the files of a folder, which is created. Each call is one write, so that a killed
 * process leaves at most its last exchange unfinished. The first call for a file removes a line that was cut so, and
 * begins a session. A last line that is whole but has lost its end, as some editors save it, stays.
 */
export function createAppender(folder: string, startedAt: Date): Append {
  refuseFile(folder)
  makeFolder(resolve(folder))
  const session: SessionLine = { fact: "session", startedAt: startedAt.toISOString() }
  const begun = new Set<string>()
  return (file, lines) => {
    const path = join(folder, file)
    if (!begun.has(file)) endLastLine(path)
    const whole = begun.has(file) ? lines : [JSON.stringify(session), ...lines]
    appendFileSync(path, whole.map((line) => `${line}\n`).join(""))
    begun.add(file)
  }
}

/** Creates a folder and those that it is in. Node's own `recursive` never returns for a path within `/proc`. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) makeFolder(parent)
  mkdirSync(path)
}

/**
 * Returns why the recordings of an upstream should not be added to those of a folder; undefined when they may. Replayed
 * together, those of one API would answer for another.
 */
export async function otherRecordings(folder: string, upstream: string): Promise<string | undefined> {
  const { origin } = new URL(upstream)
  for (const file of (await readdir(folder)).filter(isTranscript)) {
    const target = await firstTarget(join(folder, file))
    if (target === undefined || !URL.canParse(target) || new URL(target).origin === origin) continue
    return `${join(folder, file)} has recordings of ${new URL(target).origin}. Record ${origin} to another folder`
  }
  return undefined
}

/** Throws when a path is not that of a folder: the messages of the file system do not say what to do. */
function refuseFile(folder: string): void {
  if (folder === "") throw new Error("the path is empty. Give the path of a folder")
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new Error(`${folder} is a file. Give the path of a folder`)
  }
}

function endLastLine(path: string): void {
  if (!existsSync(path)) return
  const bytes = readFileSync(path)
  const end = bytes.lastIndexOf("\n") + 1
  if (end === bytes.length) return
  if (isJson(bytes.toString("utf8", end))) appendFileSync(path, "\n")
  else truncateSync(path, end)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The recordings of a folder. */
export interface RecordingFolder {
  readonly recordings: readonly Recording[]
  /** Number of exchanges without an end. */
  readonly unfinished: number
}

/** Reads the recordings of a folder, file by file in the order of their names. Throws an error that names the file. */
export async function readFolder(folder: string): Promise<RecordingFolder> {
  refuseFile(folder)
  const files = (await readdir(folder)).filter((file) => isRecordingFile(file)).sort()
  return readFiles(files.map((file) => join(folder, file)))
}

/** Reads the recordings of files, in the order given. Throws an error that names the file. */
export async function readFiles(paths: readonly string[]): Promise<RecordingFolder> {
  const recordings: Recording[] = []
  let unfinished = 0
  for (const path of paths) {
    const read = await readFile(path)
    for (const { exchanges } of read.sessions) {
      recordings.push(...inOrder(exchanges).map((exchange) => ({ name: nameOf(basename(path)), exchange })))
    }
    unfinished += read.unfinished
  }
  return { recordings, unfinished }
}

/** Exchanges are written when they end; the order in which they were sent is that in which a client sends them again. */
function inOrder(exchanges: readonly Exchange[]): Exchange[] {
  return exchanges.toSorted((a, b) => a.request.sentAtMs - b.request.sentAtMs)
}
