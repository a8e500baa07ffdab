import {
  type OperationId,
  SpeechRequest,
  TranscriptionRequest,
  TranscriptionResponse,
} from "@nexhina/schemas"
import { headerOf } from "@nexhina/wire"
import { parseMultipart } from "@remix-run/multipart-parser"
import type { Evidence } from "../evidence.ts"
import {
  everyFormat,
  oneWord,
  plainTranscription,
  plainTranscripts,
  plainTranslation,
  verboseTranscription,
} from "../probes/audio.ts"
import type { ParsedReply } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import { type View, view } from "../view.ts"
import { answersToInvalid, answersToValid, type FaultAnswer, isSuccess } from "./http.ts"

const surface = "audio"

/** Containers of sound, by how their files begin; read in this order. */
const beginnings = [
  ["opus", /^OggS/],
  ["flac", /^fLaC/],
  ["wav", /^RIFF.{4}WAVE/s],
  ["mp4", /^.{4}ftyp/s],
  ["webm", /^.E\xdf\xa3/s],
  ["aac", /^ADIF/],
] as const
/** A stream of MPEG frames begins with 11 bits that are set; layer 0 is ADTS, and 3 is MP3. */
const frames = [
  ["aac", /^\xff[\xf0\xf1\xf8\xf9]/],
  ["mp3", /^\xff[\xe2\xe3\xf2\xf3\xfa\xfb]/],
] as const
export type Container = (typeof beginnings | typeof frames)[number][0]

/** Sound as it came, and what was asked for. */
export interface Speech {
  readonly answered: ParsedReply
  readonly request: SpeechRequest
  readonly wanted: NonNullable<SpeechRequest["response_format"]>
  /** Absent where no header is known. */
  readonly container?: Container
}

/** Where the sound begins, behind a tag of ID3v2 if there is one: its length is in 4 times 7 bits. */
function afterTag(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(6, 10)
  const isTagged = Buffer.from(bytes.subarray(0, 3)).toString("latin1") === "ID3"
  return isTagged ? 10 + ((a & 0x7f) << 21) + ((b & 0x7f) << 14) + ((c & 0x7f) << 7) + (d & 0x7f) : 0
}

function containerOf(bytes: Uint8Array, wanted: Speech["wanted"]): Container | undefined {
  const start = afterTag(bytes)
  const head = Buffer.from(bytes.subarray(start, start + 16)).toString("latin1")
  // Samples without a header may begin like frames by chance.
  const known = wanted === "pcm" && start === 0 ? beginnings : [...beginnings, ...frames]
  // A tag stands before MP3 as a rule, and before other sound seldom.
  return known.find(([, pattern]) => pattern.test(head))?.[0] ?? (start > 0 ? "mp3" : undefined)
}

/** Speech that a request which keeps the contract was answered with. */
export const speeches = view<Speech>({
  id: "audio.speeches",
  says: "speech responses",
  surface,
  probes: [oneWord, everyFormat],
  of(exchange) {
    const answered = answersToValid.of(exchange)
    if (answered?.operation !== "createSpeech" || !isSuccess(answered)) return undefined
    const request = fitted(SpeechRequest, answered.request)
    // A stream of events has the audio in base64, in pieces.
    if (!request || ("stream_format" in request && request.stream_format === "sse")) return undefined
    const wanted = request.response_format ?? "mp3"
    const container = containerOf(answered.body, wanted)
    return { answered, request, wanted, ...(container && { container }) }
  },
})

/** What a form says, by name, and the file in it. */
interface Form {
  readonly fields: ReadonlyMap<string, readonly string[]>
  readonly file: Uint8Array | undefined
}

/** The form of a request (RFC 7578); `undefined` when it is none. */
function formOf({ request: { headers, body } }: Evidence): Form | undefined {
  const type = headerOf(headers, "content-type") ?? ""
  const [, quoted, bare] = /^multipart\/form-data\b.*;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type) ?? []
  const boundary = quoted ?? bare
  if (boundary === undefined) return undefined
  const fields = new Map<string, string[]>()
  let file: Uint8Array | undefined
  try {
    for (const part of parseMultipart(body, { boundary, maxFileSize: 2 ** 31, maxTotalSize: 2 ** 31 })) {
      if (part.name === "file") file = part.bytes
      else if (part.name !== undefined) fields.set(part.name, [...(fields.get(part.name) ?? []), part.text])
    }
  } catch {
    // It is cut short, or longer than any that is recorded whole.
    return undefined
  }
  return { fields, file }
}

/** A text that was heard, in whatever form, and what was asked for. */
export interface Heard {
  readonly answered: ParsedReply
  readonly wanted: string
  /** Of `timestamp_granularities[]`. */
  readonly granularities: readonly string[]
  readonly file: Uint8Array | undefined
}

function heardIn(answered: ParsedReply | undefined, operations: readonly OperationId[]): Heard | undefined {
  if (!answered?.operation || !operations.includes(answered.operation) || !isSuccess(answered))
    return undefined
  const form = formOf(answered.exchange)
  if (!form) return undefined
  // A stream of events has the text in pieces.
  if (form.fields.get("stream")?.at(-1)?.toLowerCase() === "true") return undefined
  const wanted = form.fields.get("response_format")?.at(-1) ?? "json"
  // The contract does not describe other formats, such as diarized_json.
  if (!TranscriptionRequest.shape.response_format.safeParse(wanted).success) return undefined
  const granularities = form.fields.get("timestamp_granularities[]") ?? []
  return { answered, wanted, granularities, file: form.file }
}

const ofTranscription = {
  surface,
  probes: [plainTranscription, verboseTranscription, plainTranscripts],
} as const satisfies Partial<View<unknown>>

/** Answers, of whatever status, to requests to write down what is said. */
export const transcriptionAnswers = view<ParsedReply>({
  ...ofTranscription,
  id: "audio.transcription-answers",
  says: "responses to transcription requests",
  needs: ["fault"],
  of(exchange) {
    const answered = answersToValid.of(exchange)
    return answered?.operation === "createTranscription" ? answered : undefined
  },
})

/** What was written down of recordings. */
export const transcripts = view<Heard>({
  ...ofTranscription,
  id: "audio.transcripts",
  says: "transcriptions",
  of: (exchange) => heardIn(answersToValid.of(exchange), ["createTranscription"]),
})

/** What was translated of recordings. */
export const translations = view<Heard>({
  surface,
  probes: [plainTranslation],
  id: "audio.translations",
  says: "translations",
  of: (exchange) => heardIn(answersToValid.of(exchange), ["createTranslation"]),
})

/** What was written down or translated of recordings. */
export const writings = view<Heard>({
  surface,
  probes: [...ofTranscription.probes, plainTranslation],
  id: "audio.writings",
  says: "transcriptions and translations",
  of: (exchange) => transcripts.of(exchange) ?? translations.of(exchange),
})

/** A text with its timing, as JSON of the documented form. */
export interface Timed extends Heard {
  readonly reply: TranscriptionResponse
}

/** What was written down or translated with its timing. */
export const timedWritings = view<Timed>({
  ...ofTranscription,
  id: "audio.timed",
  says: "transcriptions with timestamps",
  of(exchange) {
    const heard = writings.of(exchange)
    if (heard?.wanted !== "verbose_json" || !heard.answered.json.ok) return undefined
    const reply = fitted(TranscriptionResponse, heard.answered.json.value)
    return reply && { ...heard, reply }
  },
})

/** Answers to forms that are malformed on purpose, or whose file is not a recording. */
export const spoiltForms = view<FaultAnswer>({
  surface,
  probes: [],
  id: "audio.spoilt",
  says: "responses to incomplete forms and to files that are not recordings",
  of(exchange) {
    const reading = answersToInvalid.of(exchange)
    const { kind, param } = reading?.fault ?? {}
    return kind === "malformed-form" || (kind === "check" && param === "file") ? reading : undefined
  },
})

/** Returns where the data of a WAV file begins, and the length that its header announces. */
export function wavData(file: Uint8Array): { readonly offset: number; readonly length: number } | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const nameAt = (at: number) => bytes.toString("latin1", at, at + 4)
  if (nameAt(0) !== "RIFF" || nameAt(8) !== "WAVE") return undefined
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4)
    if (nameAt(at) === "data") return { offset: at + 8, length }
    // Chunks begin at even offsets.
    at += 8 + length + (length % 2)
  }
  return undefined
}

/** The length of a WAV file in seconds, as its header says; `undefined` of what is none. */
export function wavSeconds(file: Uint8Array): number | undefined {
  const bytes = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (
    file.byteLength < 44 ||
    !/^RIFF.{4}WAVEfmt .{20}data$/s.test(Buffer.from(file.subarray(0, 40)).toString("latin1"))
  )
    return undefined
  const perSecond = bytes.getUint32(28, true)
  return perSecond > 0 ? Math.min(bytes.getUint32(40, true), file.byteLength - 44) / perSecond : undefined
}
