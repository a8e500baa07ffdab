import { createHash } from "node:crypto"
import { closeSync, createReadStream, openSync, readSync, rmSync, statSync, writeSync } from "node:fs"
import { strToU8, Unzip, UnzipInflate, Zip, ZipDeflate } from "fflate"
import { fileErrorText } from "../files/file-error.ts"
import { atProcessEnd } from "../files/process-end.ts"
import { openReplacement } from "../files/replacement.ts"
import type { Source } from "../inputs/source.ts"
import { limits } from "../limits.ts"
import { UsageError } from "../options/options.ts"
import { jsonReport } from "../reports/json.ts"
import type { Report } from "../reports/report.ts"
import { version } from "../version.ts"

const transcriptName = "transcript.ndjson"

/** The names of the files in a bundle. */
const bundleNames = [transcriptName, "report.json", "manifest.json"]

/** The comment at the end of a bundle: the digest of all bytes before it. */
const commentPrefix = "sha256:"
const commentLength = commentPrefix.length + 64

/** A time that ZIP can express, the same for every bundle. */
const mtime = new Date(1980, 0, 2)

const pieceBytes = 2 ** 18

/** Number of bytes of a bundle that are decompressed at once (chosen): they become at most a thousand times as many. */
const packedBytes = 2 ** 12

/** Maximum length of the transcript in a bundle: the run that wrote it may have passed its limit by one exchange. */
const maxTranscript = limits.transcriptBytes.max + 2 ** 27
const sha256 = () => createHash("sha256")

/** A bundle that will be written: a ZIP file with the report, the transcript and their digests. */
export interface BundleFile {
  /** Where to write the transcript, if it is kept nowhere else. */
  readonly transcript: string
  /** Writes the bundle, and prints the digest to publish. Returns the sentence about why it cannot, if so. */
  write(report: Report, transcript: string): Promise<string | undefined>
  /** Removes what is only needed until the bundle is written. */
  discard(): void
}

/** Opens a bundle before the run, so that a path that cannot be written costs nothing. */
export function openBundle(path: string): BundleFile {
  const file = openReplacement("--bundle", path)
  const transcript = `${file.written}.ndjson`
  const removeTranscript = () => rmSync(transcript, { force: true })
  const keepTranscript = atProcessEnd(removeTranscript)
  let digest: string | undefined
  return {
    transcript,
    async write(report, transcriptPath) {
      try {
        const opened = openSync(file.written, "w")
        try {
          digest = await writeBundle(opened, report, transcriptPath)
        } finally {
          closeSync(opened)
        }
        file.commit()
      } catch (error) {
        return `--bundle: cannot write '${path}': ${fileErrorText(error, "its folder")}`
      }
      process.stderr.write(`bundle: ${path}\nsha256: ${digest}\n`)
      return undefined
    },
    discard() {
      file.discard()
      removeTranscript()
      keepTranscript()
    },
  }
}

/** Writes a bundle; returns the digest of the whole file. */
async function writeBundle(file: number, report: Report, transcript: string): Promise<string> {
  const json = jsonReport.write(report, { color: false })
  const [before, whole] = [sha256(), sha256()]
  const put = (bytes: Uint8Array, isLast: boolean) => {
    // The last piece ends with the length of the comment, which is 0.
    if (isLast) new DataView(bytes.buffer, bytes.byteOffset).setUint16(bytes.length - 2, commentLength, true)
    before.update(bytes)
    whole.update(bytes)
    writeSync(file, bytes)
  }
  const zip = new Zip((error, bytes, isLast) => {
    if (error) throw error
    put(bytes, isLast)
  })
  const entry = (name: string) => {
    const added = new ZipDeflate(name, { level: 6 })
    added.mtime = mtime
    zip.add(added)
    return added
  }
  const digest = sha256()
  const exchanges = entry(transcriptName)
  for await (const chunk of createReadStream(transcript, { highWaterMark: pieceBytes })) {
    digest.update(chunk)
    // A copy, because the stream may use the bytes again.
    exchanges.push(Uint8Array.from(chunk as Uint8Array))
  }
  exchanges.push(new Uint8Array(), true)
  entry("report.json").push(strToU8(json), true)
  const digests = {
    [transcriptName]: digest.digest("hex"),
    "report.json": sha256().update(json).digest("hex"),
  }
  const manifest = {
    kit: { name: "@nexhina/conformance", version },
    requirements: report.requirements,
    startedAt: report.startedAt,
    sha256: digests,
  }
  entry("manifest.json").push(strToU8(`${JSON.stringify(manifest, null, 2)}\n`), true)
  zip.end()
  const comment = strToU8(commentPrefix + before.digest("hex"))
  whole.update(comment)
  writeSync(file, comment)
  return whole.digest("hex")
}

/** Returns bytes of a file as latin1: fewer where it ends. A position before its beginning is the beginning. */
function bytesAt(path: string, at: number, length: number): string {
  const bytes = Buffer.alloc(length)
  const file = openSync(path, "r")
  try {
    return bytes.toString("latin1", 0, readSync(file, bytes, 0, length, Math.max(0, at)))
  } finally {
    closeSync(file)
  }
}

/** Position and bytes of the date and of the name in the head of the first entry of a ZIP file. */
const [dateAt, date, nameAt] = [12, "\x22\x00", 30]

/** Returns whether a file is a bundle, also if it is damaged at its beginning or at its end. */
export function isBundle(path: string): boolean {
  if (bytesAt(path, statSync(path).size - commentLength, commentPrefix.length) === commentPrefix) return true
  const head = bytesAt(path, 0, nameAt + transcriptName.length)
  return head.startsWith(date, dateAt) && head.startsWith(transcriptName, nameAt)
}

/** How a ZIP file without a comment ends: a bundle has a comment. */
const [endLength, endSign, noComment] = [22, "PK\x05\x06", "\0\0"]

/** Returns whether a ZIP file with these names has the files of a bundle, also in a folder, and was written by another program. */
export function isPackedAgain(path: string, names: readonly string[]): boolean {
  const hasAll = bundleNames.every((each) => names.some((name) => name === each || name.endsWith(`/${each}`)))
  if (!hasAll || !isBundle(path)) return hasAll
  // Dates are kept. The end of a bundle that was cut still names the length of its comment.
  const end = bytesAt(path, statSync(path).size - endLength, endLength)
  return end.startsWith(endSign) && end.endsWith(noComment)
}

/**
 * Returns the transcript of a bundle. Reading it throws a `UsageError` when it is longer than `maxBytes`.
 * @throws {UsageError} when a byte of the bundle was changed.
 */
export async function bundleSource(path: string, maxBytes = maxTranscript): Promise<Source> {
  const { size } = statSync(path)
  const comment = bytesAt(path, size - commentLength, commentLength)
  const digest = sha256()
  const end = size - commentLength - 1
  if (end > 0) for await (const chunk of createReadStream(path, { end })) digest.update(chunk)
  if (comment !== commentPrefix + digest.digest("hex"))
    throw new UsageError(
      `'${path}' is damaged or is not a bundle of this kit: its digest is another; get it again`,
    )
  return { name: path, bytes: () => transcriptIn(path, maxBytes) }
}

async function* transcriptIn(path: string, maxBytes: number): AsyncGenerator<Uint8Array> {
  let room = maxBytes
  let pieces: Uint8Array[] = []
  const unzip = new Unzip((entry) => {
    if (entry.name !== transcriptName) return
    entry.ondata = (error, bytes) => {
      if (error) throw error
      pieces.push(bytes)
    }
    entry.start()
  })
  unzip.register(UnzipInflate)
  for await (const chunk of createReadStream(path, { highWaterMark: packedBytes })) {
    unzip.push(Uint8Array.from(chunk as Uint8Array))
    for (const piece of pieces) room -= piece.length
    if (room < 0)
      throw new UsageError(
        `'${path}' was not written by this kit: its transcript is longer than ${maxBytes} bytes, the limit of a run`,
      )
    yield* pieces
    pieces = []
  }
}
