import {
  type Exchange,
  fileLines,
  HarError,
  headerOf,
  readHar,
  type SalvagedItem,
  salvageTranscript,
} from "@nexhina/wire"
import { z } from "zod"
import { type Evidence, isJson } from "../evidence.ts"
import { limits } from "../limits.ts"
import { eventStreamEvidence } from "./event-stream.ts"
import { readJsonValue } from "./json-value.ts"
import { isKitLine, type RecordedPart, RecordedSamples } from "./recorded-samples.ts"
import { RequestCount, type RequestMismatch } from "./request-count.ts"
import { type OpenSource, openSource, type Source } from "./source.ts"

/** A part of a recording, or what cannot be read of it. */
export type ReadPart =
  | RecordedPart
  /** The body of a stream, which is all that is known of its exchange. */
  | { readonly kind: "stream"; readonly evidence: Evidence }
  /** What is lost, with file and line. */
  | { readonly kind: "loss"; readonly says: string; readonly exchanges: number }
  /** An exchange at the end of a file that was not finished when its writer ended: not a loss. */
  | { readonly kind: "unfinished"; readonly says: string }
  /** An exchange that has too little to be judged. */
  | { readonly kind: "unusable"; readonly says: string; readonly place: string }

/** Reads a source of any format, part by part. */
export async function* readParts(source: Source): AsyncGenerator<ReadPart> {
  if (source.isNotRead !== undefined) {
    yield { kind: "loss", says: source.name + source.isNotRead, exchanges: 0 }
    return
  }
  const opened = await openSource(source)
  yield* partsOf(source, opened)
  const fault = opened.fault?.()
  if (fault) yield { kind: "loss", says: source.name + incomplete[fault], exchanges: 0 }
}

async function* partsOf(
  { name }: Source,
  { kind, isEmpty, bytes, fault }: OpenSource,
): AsyncGenerator<ReadPart> {
  // Why nothing could be decompressed is said in its place.
  if (isEmpty && fault?.()) return
  if (isEmpty) yield { kind: "loss", says: `${name} is empty`, exchanges: 0 }
  else if (kind === "transcript") {
    const read = await readJsonValue(bytes)
    if (read.isValue) yield { kind: "loss", says: name + jsonValue, exchanges: 0 }
    else yield* transcriptParts(name, read.bytes)
  } else if (kind === "har") yield* harParts(name, bytes)
  else if (kind === "event-stream") yield* streamParts(name, bytes)
  else yield { kind: "loss", says: name + unreadable[kind ?? "other"], exchanges: 0 }
}

/** What is said after the name of a source that cannot be read. */
const unreadable = {
  zip: " is a ZIP file; a bundle can only be read from a file: check FILE",
  gzip: " is compressed twice: decompress it first",
  zstd: " is compressed with zstd: decompress it first, or use gzip",
  xz: " is compressed with xz: decompress it first, or use gzip",
  bzip2: " is compressed with bzip2: decompress it first, or use gzip",
  "utf-16": " is encoded in UTF-16: save it as UTF-8",
  report: " is a JSON report and has no exchanges: 'nexhina-conformance merge' reads reports",
  other: ":1: not a transcript (NDJSON), an HTTP Archive or an event stream",
} as const

/** What is said after the name of a source that is one value of JSON. */
const jsonValue =
  " is one JSON value, which is neither a transcript, an HTTP Archive nor an event stream: record the whole exchange, with 'nexhina-conformance proxy' or as an HTTP Archive"

/** What is said after the name of a source of which not everything could be decompressed. */
const incomplete = {
  truncated: " is cut off: its gzip data has no end",
  corrupt: " is damaged: the rest of its gzip data cannot be decompressed",
  oversized: ` is longer than ${limits.unpackedBytes.max / 2 ** 20} MiB when decompressed: decompress it to have the rest judged`,
} as const

async function* transcriptParts(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ReadPart> {
  const samples = new RecordedSamples()
  const requests = new RequestCount()
  /** Number of the last line that only the kit writes. */
  let kitLine = 0
  let hasBegun = false
  for await (const item of salvageTranscript(fileLines(bytes))) {
    if (item.kind === "exchange") {
      const parts = samples.exchange(item.exchange)
      if (parts[0]?.kind !== "other") requests.exchange()
      yield* parts
    } else if (item.kind === "line") {
      if (isKitLine(item.line)) kitLine = item.number
      if (item.line.fact === "intent" && !hasBegun) {
        const says = `${name}:${item.number}: the recorded run has no beginning: its line "run" is missing`
        yield { kind: "loss", says, exchanges: 0 }
      }
      // Said once.
      hasBegun ||= item.line.fact === "run" || item.line.fact === "intent"
      for (const part of partsOfLine(item, samples, name)) {
        if (part.kind === "run" || part.kind === "end") requests.part(part, item.number)
        yield part
      }
    } else if (item.kind === "damage") {
      requests.damage(item.lost.length)
      yield {
        kind: "loss",
        says: `${name}:${item.error.line}: ${item.error.says}`,
        exchanges: item.lost.length,
      }
    } else {
      yield* samples.rest()
      yield* endParts(item, name, kitLine)
      yield* mismatchParts(requests.mismatches(item.unfinished), name)
    }
  }
}

function partsOfLine(
  { line, number }: Extract<SalvagedItem, { kind: "line" }>,
  samples: RecordedSamples,
  name: string,
): readonly ReadPart[] {
  try {
    return samples.line(line)
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const [issue] = error.issues
    const says = `${name}:${number}: in the ${line.fact} line, ${issue?.path.join(".") || "it"} is not valid`
    return [{ kind: "loss", says, exchanges: 0 }]
  }
}

/** Returns where a file has fewer or more exchanges than its run has counted. */
const mismatchParts = (mismatches: readonly RequestMismatch[], name: string): ReadPart[] =>
  mismatches.map(({ line, sent, found, missing }) => ({
    kind: "loss",
    says: `${name}:${line}: the run sent ${sent} requests, but the file has the exchanges of ${found}${found > sent ? ": it was changed after the run" : ""}`,
    exchanges: missing,
  }))

/**
 * Returns what a transcript ends with. A writer that was killed leaves one exchange without an end: the last. The kit
 * writes each exchange as a whole, so a later line of it shows that the end was lost.
 */
function* endParts(
  { unfinished, tornLine }: Extract<SalvagedItem, { kind: "end" }>,
  name: string,
  kitLine: number,
): Generator<ReadPart> {
  for (const { id, line, isLast } of unfinished) {
    if (isLast && line > kitLine)
      yield { kind: "unfinished", says: `${name}:${line}: the last exchange was not finished ("${id}")` }
    else yield { kind: "loss", says: `${name}:${line}: exchange "${id}" has no end`, exchanges: 1 }
  }
  if (unfinished.length === 0 && tornLine !== undefined)
    yield { kind: "unfinished", says: `${name}:${tornLine}: the last line is not JSON, as if it was cut off` }
}

async function* harParts(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ReadPart> {
  try {
    for await (const item of readHar(bytes)) {
      const place = `${name}:${item.line}`
      if (item.kind === "damage")
        yield { kind: "loss", says: `${place}: ${item.error.message}`, exchanges: 1 }
      else if (item.kind === "torn") yield { kind: "unfinished", says: `${place}: the archive is cut off` }
      else {
        const lacks = lackOf(item.exchange)
        if (lacks === undefined) yield { kind: "other", exchange: item.exchange }
        else yield { kind: "unusable", says: `an entry without ${lacks}`, place }
      }
    }
  } catch (error) {
    if (!(error instanceof HarError)) throw error
    yield { kind: "loss", says: `${name}:1: ${error.message}`, exchanges: 0 }
  }
}

/**
 * Returns what an entry of another tool lacks to be judged. A tool writes nothing for what it has not kept, such as the
 * body of a stream that it passed on: only a length of 0 shows that there was nothing.
 */
function lackOf({ request, response, end, fidelity }: Exchange): string | undefined {
  if (end.code === "har-file")
    return "the body of its response, which is in another file: record with the content 'embed'"
  if (end.code === "har") return "the whole body of its response"
  if (fidelity.bytes) return undefined
  if (!response) return "a response"
  const { status, headers, chunks } = response
  if (headers.length === 0) return "the headers of its response"
  const isBodiless = request.method === "HEAD" || status < 200 || status === 204 || status === 304
  const isEmpty = chunks.length === 0 && !isBodiless && headerOf(headers, "content-length")?.trim() !== "0"
  return isEmpty ? "the whole body of its response" : undefined
}

async function* streamParts(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ReadPart> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of bytes) {
    length += piece.length
    if (length > limits.replyBytes.max) {
      const says = `${name}: the stream is longer than ${limits.replyBytes.max} bytes`
      yield { kind: "loss", says, exchanges: 1 }
      return
    }
    pieces.push(piece)
  }
  const body = Uint8Array.from(Buffer.concat(pieces))
  const evidence = eventStreamEvidence(body, "1")
  if (evidence) yield { kind: "stream", evidence }
  else if (isJson(body)) yield { kind: "loss", says: name + jsonValue, exchanges: 1 }
  else {
    const says = `${name}:1: no event of it is of a chat completion or a response`
    yield { kind: "loss", says, exchanges: 1 }
  }
}
