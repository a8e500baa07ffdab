import { closeSync, createReadStream, openSync, readdirSync, readSync, statSync } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import { fileErrorText } from "../files/file-error.ts"
import { kindOf, maxHead, type Source, zipHead } from "../inputs/source.ts"
import { UsageError } from "../options/options.ts"
import { counted } from "../reading/counted.ts"
import { bundleSource } from "./bundle-file.ts"

/** What the paths of a command line name. */
export interface GivenSources {
  readonly sources: readonly Source[]
  /** Names the files of folders that are not recordings, if there are any. */
  readonly others?: string
}

/** Names of recordings. A compressed one cannot be read: it counts as one, so that its exchanges are reported missing. */
const recordingName = /\.(?:(?:ndjson|har|sse)(?:\.gz)?|zip)$/i

/** Returns whether a file of a folder is a recording. Some tools save an HTTP Archive as `.json`. */
function isRecording(path: string): boolean {
  if (recordingName.test(path)) return true
  // A link may lead nowhere.
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
  return isFile && /\.json$/i.test(path) && isArchive(path)
}

function isArchive(path: string): boolean {
  const head = Buffer.alloc(maxHead)
  const file = openSync(path, "r")
  try {
    return kindOf(path, head.subarray(0, readSync(file, head, 0, maxHead, 0))) === "har"
  } finally {
    closeSync(file)
  }
}

/** Returns the files of a folder and of the folders in it, in the order of their names. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => a.name.localeCompare(b.name, "en"))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesIn(path) : [path]
    })
}

/** The files that a path names. */
interface GivenFiles {
  readonly recordings: readonly string[]
  /** Files of a folder that are not recordings. */
  readonly others: readonly string[]
}

function filesOf(given: string): GivenFiles {
  const alone = { recordings: [given], others: [] }
  if (given === "-") return alone
  try {
    if (!statSync(given).isDirectory()) return alone
    const recordings: string[] = []
    const others: string[] = []
    for (const path of filesIn(given)) (isRecording(path) ? recordings : others).push(path)
    if (recordings.length > 0) return { recordings, others }
    const instead = others.length > 0 ? `, only ${othersText(others)}` : ""
    throw new UsageError(`'${given}' contains no .ndjson, .har or .sse file${instead}`)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`cannot read '${given}': ${fileErrorText(error, "the file")}`)
  }
}

/** Maximum number of files that are named. */
const maxNames = 5

function othersText(others: readonly string[]): string {
  const named = others.slice(0, maxNames).join(", ")
  const more = others.length > maxNames ? ", …" : ""
  return `${counted(others.length, "file")} not recognised as recordings (${named}${more})`
}

async function* standardInput(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin) yield chunk as Uint8Array
}

const sourceOf = (path: string): Source =>
  path === "-"
    ? { name: "standard input", bytes: standardInput }
    : { name: path, bytes: () => createReadStream(path, { highWaterMark: 2 ** 18 }) }

/** The first bytes of the transcript of a run. */
const runHead = '{"fact":"run"'

async function headOf(path: string): Promise<string> {
  if (path === "-") return ""
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(runHead.length), 0, runHead.length, 0)
    return buffer.toString("latin1")
  } finally {
    await file.close()
  }
}

/**
 * Returns the recordings that some paths name. Transcripts of runs come first: the other traffic is judged with what
 * they learned of the target.
 */
export async function givenSources(paths: readonly string[]): Promise<GivenSources> {
  const given = paths.map(filesOf)
  const files = given.flatMap(({ recordings }) => recordings)
  const others = given.flatMap((each) => each.others)
  const twice = files.find((path, at) => files.indexOf(path) < at)
  if (twice !== undefined) throw new UsageError(`'${twice}' is given twice: its exchanges would count twice`)
  const runs: Source[] = []
  const rest: Source[] = []
  for (const path of files) {
    try {
      const head = await headOf(path)
      // A bundle of which the first bytes are damaged has only its name.
      if (head.startsWith(zipHead) || /\.zip$/i.test(path)) runs.push(await bundleSource(path))
      else (head === runHead ? runs : rest).push(sourceOf(path))
    } catch (error) {
      if (error instanceof UsageError) throw error
      throw new UsageError(`cannot read '${path}': ${fileErrorText(error, "the file")}`)
    }
  }
  return { sources: [...runs, ...rest], ...(others.length > 0 && { others: othersText(others) }) }
}
