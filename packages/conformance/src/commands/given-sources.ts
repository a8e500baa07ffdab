import { closeSync, createReadStream, openSync, readdirSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileErrorText } from "../files/file-error.ts"
import { gunzippedHead } from "../inputs/gunzip.ts"
import { kindOf, maxHead, type Source, unpackedName, zipHead } from "../inputs/source.ts"
import { UsageError } from "../options/options.ts"
import { counted } from "../reading/counted.ts"
import { clipped } from "../reports/layout.ts"
import { terminalText } from "../reports/terminal-text.ts"
import { bundleSource, isBundle, isPackedAgain } from "./bundle-file.ts"
import { zipNames } from "./zip-names.ts"

/** What the paths of a command line name. */
export interface GivenSources {
  readonly sources: readonly Source[]
  /** Names the files of folders that are not recordings, if there are any. */
  readonly others?: string
}

/** Names of recordings. Also of compressed ones that cannot be read, so that their exchanges are reported missing. */
const recordingName = /\.(?:ndjson|har|sse)(?:\.(?:gz|zst|xz|bz2|br))?$/i

/** Returns whether a file of a folder is a recording. Some tools save an HTTP Archive as `.json`. */
function isRecording(path: string): boolean {
  // A link may lead nowhere.
  if (!isFile(path)) return false
  if (recordingName.test(path)) return true
  if (/\.zip$/i.test(path)) return isBundle(path) || mayContainRecordings(path)
  return /\.json(?:\.gz)?$/i.test(path) && kindOf(unpackedName(path), unpackedHead(path)) === "har"
}

/** Returns whether a ZIP file of other tools contains recordings, such as an archive of Playwright, or is damaged. */
const mayContainRecordings = (path: string): boolean =>
  zipNames(path)?.some((name) => recordingName.test(name)) ?? true

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

function headOf(path: string): Buffer {
  const head = Buffer.alloc(maxHead)
  const file = openSync(path, "r")
  try {
    return head.subarray(0, readSync(file, head, 0, maxHead, 0))
  } finally {
    closeSync(file)
  }
}

/** Returns the beginning of a file, decompressed if it is compressed with gzip. */
function unpackedHead(path: string): Uint8Array {
  const head = headOf(path)
  return kindOf(path, head) === "gzip" ? gunzippedHead(head) : head
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
  readonly isFolder: boolean
}

function filesOf(given: string): GivenFiles {
  const alone = { recordings: [given], others: [], isFolder: false }
  if (given === "-") return alone
  try {
    if (!statSync(given).isDirectory()) return alone
    const recordings: string[] = []
    const others: string[] = []
    for (const path of filesIn(given)) (isRecording(path) ? recordings : others).push(path)
    if (recordings.length > 0) return { recordings, others, isFolder: true }
    const instead = others.length > 0 ? `, only ${othersText(others)}` : ""
    throw new UsageError(`'${given}' contains no .ndjson, .har or .sse file${instead}`)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`cannot read '${given}': ${fileErrorText(error, "the file")}`)
  }
}

/** Maximum number of files that are named. */
const maxNames = 5

/** Names files, of many the first. */
const namesText = (names: readonly string[]): string =>
  names.slice(0, maxNames).join(", ") + (names.length > maxNames ? ", …" : "")

const othersText = (others: readonly string[]): string =>
  `${counted(others.length, "file")} not recognised as recordings (${namesText(others)})`

async function* standardInput(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin) yield chunk as Uint8Array
}

const sourceOf = (path: string): Source =>
  path === "-"
    ? { name: "standard input", bytes: standardInput }
    : { name: path, bytes: () => createReadStream(path, { highWaterMark: 2 ** 18 }) }

/** The first bytes of the transcript of a run. */
const runHead = '{"fact":"run"'

const latin1 = new TextDecoder("latin1")
const beginsWith = (head: Uint8Array, text: string): boolean =>
  latin1.decode(head.subarray(0, text.length)) === text

/** Returns whether a file is a ZIP file, or has the name of one: a bundle of which the first bytes are damaged. */
const isZip = (path: string): boolean => beginsWith(headOf(path), zipHead) || /\.zip$/i.test(path)

/** What is said after the name of a bundle that was unpacked and packed again. */
const packedAgain =
  " has the files of an evidence bundle, but was packed again by another program, so its digest cannot be compared: use the original"

/** Returns what a ZIP file is read as. One of another tool in a folder is reported missing. */
async function zipSource(path: string, isFromFolder: boolean): Promise<Source> {
  const names = zipNames(path)
  if (names && isPackedAgain(path, names)) {
    if (!isFromFolder) throw new UsageError(`'${path}'${packedAgain}`)
    return { ...sourceOf(path), isNotRead: packedAgain }
  }
  if (isBundle(path)) return await bundleSource(path)
  if (!isFromFolder && names)
    throw new UsageError(
      `'${path}' is a ZIP file, but not an evidence bundle of this kit: it contains ${namesText(names.map(shownName)) || "nothing"}; unpack it to check the recordings in it`,
    )
  if (!isFromFolder) return await bundleSource(path)
  const isNotRead = " is a ZIP file: unpack it to check the recordings in it"
  return { ...sourceOf(path), ...((names || beginsWith(headOf(path), zipHead)) && { isNotRead }) }
}

/** Returns a name from a file, which may be hostile. */
const shownName = (name: string): string => clipped(terminalText(name))

/**
 * Returns the recordings that some paths name. Transcripts of runs come first: the other traffic is judged with what
 * they learned of the target.
 */
export async function givenSources(paths: readonly string[]): Promise<GivenSources> {
  const given = paths.map(filesOf)
  const files = given.flatMap(({ recordings, isFolder }) => recordings.map((path) => ({ path, isFolder })))
  const others = given.flatMap((each) => each.others)
  const names = files.map(({ path }) => path)
  const twice = names.find((path, at) => names.indexOf(path) < at)
  if (twice !== undefined) throw new UsageError(`'${twice}' is given twice: its exchanges would count twice`)
  const runs: Source[] = []
  const rest: Source[] = []
  for (const { path, isFolder } of files) {
    try {
      // What is read from a pipe is read only once.
      if (!isFile(path)) rest.push(sourceOf(path))
      else if (isZip(path)) runs.push(await zipSource(path, isFolder))
      else (beginsWith(unpackedHead(path), runHead) ? runs : rest).push(sourceOf(path))
    } catch (error) {
      if (error instanceof UsageError) throw error
      throw new UsageError(`cannot read '${path}': ${fileErrorText(error, "the file")}`)
    }
  }
  return { sources: [...runs, ...rest], ...(others.length > 0 && { others: othersText(others) }) }
}
