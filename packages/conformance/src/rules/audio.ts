import { TranscriptionResponse } from "@nexhina/schemas"
import { headerOf } from "@nexhina/wire"
import { speechStep, transcriptionStep, translationStep } from "../probes/audio.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { pointerTo, type SchemaFault, schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { heardBody, plainFormats, tone } from "../requests/audio.ts"
import { malformedForms } from "../requests/faults.ts"
import { type Fault, rule } from "../rule.ts"
import type { Step } from "../target/step.ts"
import {
  type Container,
  type Heard,
  type Speech,
  speeches,
  spoiltForms,
  timedWritings,
  transcriptionAnswers,
  transcripts,
  translations,
  wavData,
  wavSeconds,
  writings,
} from "../views/audio.ts"
import { isSuccess } from "../views/http.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const speech = "Text-to-Speech; OpenAI API reference: create speech"
const transcription = "Speech-to-Text; OpenAI API reference: create transcription"
const translation = "Audio Translation; OpenAI API reference: create translation"

const atStatus = { part: "status" } as const
const atType = { part: "header", name: "content-type" } as const
const bodyAt = (...path: readonly (string | number)[]) =>
  ({ part: "body", pointer: pointerTo(path) }) as const

const typeOf = ({ exchange }: ParsedReply) =>
  shown(headerOf(exchange.response?.headers ?? [], "content-type"))

/** The media types under which each kind of sound is known: registered ones, and those that are in use. */
const types: Readonly<Record<Container | "pcm", RegExp>> = {
  mp3: /^audio\/(?:x-)?(?:mpeg3?|mp3|mpg)$/,
  opus: /^(?:audio\/(?:ogg|opus|x-opus)|application\/ogg)$/,
  aac: /^audio\/(?:x-)?(?:aac|aacp|hx-aac-adts)$/,
  flac: /^audio\/(?:x-)?flac$/,
  wav: /^audio\/(?:(?:x-)?wav|wave|x-pn-wav|vnd\.wave?)$/,
  pcm: /^audio\/(?:(?:x-)?(?:pcm|raw|l16|l24)|basic)$/,
  mp4: /^(?:audio|video)\/(?:mp4|x-m4a|m4a|aac)$/,
  webm: /^(?:audio|video)\/webm$/,
}

/** What the bytes are: what their header says, or sound without one where that was asked for. */
const kindOf = ({ container, wanted }: Speech) => container ?? (wanted === "pcm" ? wanted : undefined)

/** Whether a server sends its own default format, and says so: nobody asked for another. */
const isOwnDefault = ({
  answered,
  request,
  container,
}: Pick<Speech, "answered" | "request"> & { readonly container: Container | undefined }): boolean =>
  container !== undefined && request.response_format == null && types[container].test(answered.mediaType)

const beginning = ({ body }: ParsedReply) =>
  `bytes that begin with ${Buffer.from(body.subarray(0, 8)).toString("hex")}`

const isPlain = (wanted: string) => plainFormats.some((format) => format === wanted)

/** A line that tells times, right or wrong: a text may have an arrow too. */
const timeLine = /^\s*\d[\d:.,]*\s*-->/
const clocks = {
  // Hours may be of more digits.
  srt: /^\d{2,}:[0-5]\d:[0-5]\d,\d{3} --> \d{2,}:[0-5]\d:[0-5]\d,\d{3}\s*$/,
  vtt: /^(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}[ \t]+-->[ \t]+(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}(?:[ \t].*)?$/,
} as const

/** The first time line in the block of another one, or in the header of WebVTT: blank lines separate blocks. */
function unseparated(lines: readonly string[], format: "srt" | "vtt"): string | undefined {
  let isTaken = format === "vtt"
  for (const line of lines) {
    if (line.trim() === "") isTaken = false
    else if (timeLine.test(line)) {
      if (isTaken) return line
      isTaken = true
    }
  }
  return undefined
}

/** The first line of subtitles that is not as SubRip or WebVTT have it; a recording in which nothing is said has none. */
function subtitleFlaw(text: string, format: "srt" | "vtt"): string | undefined {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/)
  if (format === "vtt" && !/^WEBVTT(?:[ \t]|$)/.test(lines[0] ?? "")) return lines[0] ?? ""
  const timing = lines.find((line) => timeLine.test(line) && !clocks[format].test(line))
  const flaw = timing ?? unseparated(lines, format)
  if (flaw !== undefined || format === "vtt") return flaw
  const filled = lines.filter((line) => line.trim() !== "")
  const [number, time] = filled
  if (number === undefined) return undefined
  return /^\s*\d+\s*$/.test(number) ? (timeLine.test(time ?? "") ? undefined : (time ?? "")) : number
}

const shapes = {
  "not-json": "JSON was requested, but the body is not JSON",
  missing: "a member is missing",
  "wrong-value": "a member has a value that is not documented",
  json: "plain text was requested, but the body is a JSON object",
  "srt-syntax": "the body is not a SubRip file",
  "vtt-syntax": "the body is not a WebVTT file",
} as const

const isOfUsage = ({ path: [member] }: SchemaFault) => member === "usage"

/** What was heard has the form that was asked for. */
function shapeFaults({ answered, wanted }: Heard): Fault<keyof typeof shapes>[] {
  const { json, text } = answered
  const at = bodyAt()
  const begins = shown(text?.slice(0, 60) ?? "bytes that are no UTF-8")
  if (!isPlain(wanted)) {
    if (!json.ok) return [{ fault: "not-json", at, expected: "JSON", actual: begins }]
    const { value } = json
    const faults: Fault<"missing" | "wrong-value">[] = schemaFaults(TranscriptionResponse, value).filter(
      (fault) => !isOfUsage(fault),
    )
    const verbose = wanted === "verbose_json" && isObject(value) ? value : undefined
    for (const name of ["language", "duration"])
      if (verbose && (verbose[name] ?? null) === null)
        faults.push({
          fault: "missing",
          at: bodyAt(name),
          expected: `a ${name}`,
          actual: shown(verbose[name]),
        })
    return firstOfEach(faults)
  }
  if (json.ok && isObject(json.value)) return [{ fault: "json", at, expected: "plain text", actual: begins }]
  if (wanted === "text") return []
  const format = wanted === "srt" ? "srt" : "vtt"
  if (format === "vtt" && text === "") return []
  const flaw = subtitleFlaw(text ?? "", format)
  if (flaw === undefined) return []
  const expected =
    format === "srt"
      ? "a number, a time line, the text and a blank line"
      : "WEBVTT, a blank line, then time lines and texts with blank lines between them"
  return [{ fault: `${format}-syntax`, at, expected, actual: shown(flaw) }]
}

/** How much later than the end of the recording a text may end: recognizers hear in windows. */
const lateness = 1
/** How far a length may be from the recording's. */
const lengthTolerance = 0.25

interface Span {
  readonly start: number
  readonly end: number
}

type TimingFault = Fault<"backwards" | "out-of-order" | "past-end">

function timingFaults(name: "segments" | "words", spans: readonly Span[], duration: number): TimingFault[] {
  return spans.flatMap(({ start, end }, at): TimingFault[] => {
    const before = spans[at - 1]?.start ?? 0
    const where = (member: keyof Span) => bodyAt(name, at, member)
    if (end < start)
      return [{ fault: "backwards", at: where("end"), expected: `${start} or later`, actual: String(end) }]
    if (start < before)
      return [
        { fault: "out-of-order", at: where("start"), expected: `${before} or later`, actual: String(start) },
      ]
    if (end > duration + lateness)
      return [{ fault: "past-end", at: where("end"), expected: `${duration} at most`, actual: String(end) }]
    return []
  })
}

/** The same recording, in forms that are spelt differently: legal ways that must make no difference. */
function spellings(known: Parameters<typeof heardBody>[0]): Step[] {
  const step = transcriptionStep(known)
  return [
    step,
    { ...step, form: { names: "unquoted" } },
    { ...step, form: { reversed: true } },
    { ...step, body: { ...heardBody(known), file: tone("Tön ♪ 音.wav") } },
  ]
}

const spelt = ["", "names without quotes", "members in a different order", "a file name of other letters"]

/** A text as it was heard, for answers that have one. */
function textIn({ json }: ParsedReply): unknown {
  return json.ok && isObject(json.value) ? json.value["text"] : undefined
}

const noRecordings = [
  { says: "the file is empty", file: new File([], "empty.wav", { type: "audio/wav" }) },
  {
    says: "the file is a text",
    file: new File(["This is no recording.\n".repeat(20)], "tone.wav", { type: "audio/wav" }),
  },
]

/** A length that a server writes into a header before it knows the real one. */
const unknownLengths: ReadonlySet<number> = new Set([0, 0x7fffffff, 0x80000000])

/** How the samples of a file are not what its format and header announce. */
function sampleFaults(body: Uint8Array, format: string): Fault<"half-sample" | "cut" | "silent">[] {
  const data = format === "pcm" ? { offset: 0, length: body.length } : wavData(body)
  if (format !== "pcm" && (format !== "wav" || !data)) return []
  const { offset, length } = data ?? { offset: 0, length: 0 }
  const held = body.length - offset
  const at = { part: "body", offset } as const
  if (format === "pcm" && held % 2 !== 0)
    return [
      { fault: "half-sample", at: { part: "end" }, expected: "an even number of bytes", actual: `${held}` },
    ]
  // Streamed files have the largest length, or one near it.
  if (length > held && length < 0x7fffff00 && !unknownLengths.has(length))
    return [{ fault: "cut", at, expected: `${length} bytes of data`, actual: `${held}` }]
  const samples = body.subarray(offset)
  if (samples.length === 0 || samples.some((byte) => byte !== 0)) return []
  return [{ fault: "silent", at, expected: "sound", actual: `${samples.length} bytes of 0` }]
}

export const audioRules = [
  rule({
    id: "audio.speech-nonempty",
    since,
    says: "MUST answer a speech request with audio",
    severity: "MUST",
    source: speech,
    on: speeches,
    faults: { empty: "the body is empty" },
    holds: ({ answered: { body } }) =>
      body.length > 0 ? [] : [{ fault: "empty", at: bodyAt(), expected: "sound", actual: "no bytes" }],
  }),

  rule({
    id: "audio.speech-format",
    since,
    says: "MUST return audio in the requested `response_format`, or else of the type that it says (MP3 by default); `pcm` has no file header",
    severity: "MUST",
    source: speech,
    see: ["https://github.com/jundot/omlx/issues/753", "https://github.com/veniceai/api-docs/issues/386"],
    on: speeches,
    after: ["audio.speech-nonempty"],
    faults: {
      "other-container": "the bytes are of a different format",
      "no-container": "the bytes are of no known format",
      "header-on-pcm": "pcm was requested, but the bytes begin with a header",
    },
    holds({ answered, request, wanted, container }) {
      const at = { part: "body", offset: 0 } as const
      if (wanted === "pcm")
        return container
          ? [{ fault: "header-on-pcm", at, expected: "samples alone", actual: `a header of ${container}` }]
          : []
      if (container === wanted || isOwnDefault({ answered, request, container })) return []
      return [
        container
          ? { fault: "other-container", at, expected: wanted, actual: container }
          : { fault: "no-container", at, expected: wanted, actual: beginning(answered) },
      ]
    },
  }),

  rule({
    id: "audio.speech-default-format",
    since,
    says: "SHOULD return MP3 where no `response_format` was requested",
    severity: "SHOULD",
    source: speech,
    see: ["https://github.com/Blaizzy/mlx-audio/issues/353"],
    on: speeches,
    after: ["audio.speech-nonempty", "audio.speech-format"],
    faults: { "other-container": "the bytes are of a different format, and labelled so" },
    holds: ({ answered, request, wanted, container }) =>
      container && container !== wanted && isOwnDefault({ answered, request, container })
        ? [
            {
              fault: "other-container",
              at: { part: "body", offset: 0 },
              expected: wanted,
              actual: container,
            },
          ]
        : [],
  }),

  rule({
    id: "audio.speech-content-type",
    since,
    says: "MUST send a `content-type` that matches the audio format",
    severity: "MUST",
    source: `${speech}; RFC 9110, section 8.3`,
    see: ["https://github.com/BerriAI/litellm/issues/4332", "https://github.com/BerriAI/litellm/pull/38798"],
    on: speeches,
    after: ["audio.speech-nonempty"],
    faults: { absent: "there is no content-type", other: "the content-type is that of a different format" },
    holds(reading) {
      const { answered } = reading
      const { mediaType } = answered
      const kind = kindOf(reading)
      if (!kind || mediaType === "application/octet-stream" || types[kind].test(mediaType)) return []
      return [
        {
          fault: mediaType === "" ? "absent" : "other",
          at: atType,
          expected: `a type of ${kind}, as the bytes are`,
          actual: typeOf(answered),
        },
      ]
    },
  }),

  rule({
    id: "audio.speech-octet-stream",
    since,
    says: "SHOULD send a specific `content-type`, not `application/octet-stream`",
    severity: "SHOULD",
    source: `${speech}; RFC 2046, section 4.5.1`,
    see: ["https://github.com/openai/openai-openapi/issues/361"],
    on: speeches,
    faults: { "octet-stream": "the content-type is application/octet-stream" },
    holds({ answered }) {
      if (answered.mediaType !== "application/octet-stream") return []
      return [{ fault: "octet-stream", at: atType, expected: "a type of sound", actual: typeOf(answered) }]
    },
  }),

  rule({
    id: "audio.speech-whole",
    since,
    says: "SHOULD send whole samples that are not silent, and as many bytes as a WAV header announces",
    severity: "SHOULD",
    source: speech,
    on: speeches,
    after: ["audio.speech-format"],
    faults: {
      "half-sample": "the bytes of `pcm` end inside a sample of 16 bits",
      cut: "a WAV file has less data than its header announces",
      silent: "every sample is 0",
    },
    asks: (known) =>
      (["wav", "pcm"] as const).map((response_format) =>
        speechStep(known, { input: "Hello.", response_format }),
      ),
    holds: ({ answered: { body }, wanted, container }) => sampleFaults(body, container ?? wanted),
  }),

  rule({
    id: "audio.speech-length",
    since,
    says: "SHOULD return longer audio for a text than for one of its words",
    severity: "SHOULD",
    source: speech,
    scope: "group",
    on: speeches,
    after: ["audio.speech-format"],
    faults: { shorter: "the longer text has fewer bytes" },
    modelDependent: true,
    asks: (known) =>
      ["Hello.", "Hello. This is a sentence that takes a good deal longer to say than one word does."].map(
        (input) => speechStep(known, { input, response_format: "wav" }),
      ),
    holds([short, long]) {
      if (!short || !long) return { undecided: "only one of the two texts was spoken" }
      const [least, length] = [short, long].map(({ answered }) => answered.body.length)
      if (least === undefined || length === undefined || length >= least) return []
      return [
        {
          of: 1,
          fault: "shorter",
          at: { part: "body" },
          expected: `more than ${least} bytes`,
          actual: String(length),
        },
      ]
    },
  }),

  rule({
    id: "audio.transcription-format",
    since,
    says: "MUST return the transcription in the requested `response_format`: JSON, plain text, SubRip or WebVTT",
    severity: "MUST",
    source: transcription,
    see: [
      "https://github.com/morioka/tiny-openai-whisper-api/issues/7",
      "https://github.com/openai/openai-openapi/issues/361",
    ],
    on: transcripts,
    faults: shapes,
    holds: shapeFaults,
  }),

  rule({
    id: "audio.translation-shape",
    since,
    says: "MUST return the translation in the requested `response_format`: JSON, plain text, SubRip or WebVTT",
    severity: "MUST",
    source: translation,
    on: translations,
    faults: shapes,
    asks: (known) =>
      ["verbose_json", ...plainFormats].map((response_format) => translationStep(known, { response_format })),
    holds: shapeFaults,
  }),

  rule({
    id: "audio.usage-form",
    since,
    says: "SHOULD report usage in one of the two documented forms, by tokens or by duration",
    severity: "SHOULD",
    source: `${transcription}: usage`,
    on: writings,
    after: ["audio.transcription-format", "audio.translation-shape"],
    faults: { "other-form": "the usage has a different form" },
    holds: ({ answered: { json }, wanted }) =>
      isPlain(wanted) || !json.ok
        ? []
        : schemaFaults(TranscriptionResponse, json.value)
            .filter(isOfUsage)
            .slice(0, 1)
            .map((fault) => ({ ...fault, fault: "other-form" })),
  }),

  rule({
    id: "audio.vtt-header",
    since,
    says: "SHOULD begin a WebVTT file with WEBVTT even if the recording contains no speech",
    severity: "SHOULD",
    source: `${transcription}; W3C WebVTT, section 4.1`,
    on: writings,
    faults: { empty: "the body is empty" },
    holds: ({ answered: { text }, wanted }) =>
      wanted === "vtt" && text === ""
        ? [{ fault: "empty", at: bodyAt(), expected: "WEBVTT", actual: "nothing" }]
        : [],
  }),

  rule({
    id: "audio.text-content-type",
    since,
    says: "MUST label JSON as `application/json`, and plain text as any other type",
    severity: "MUST",
    source: `${transcription}; RFC 9110, section 8.3: clients read the body by its content-type`,
    see: ["https://github.com/morioka/tiny-openai-whisper-api/issues/7"],
    on: writings,
    after: ["audio.transcription-format", "audio.translation-shape"],
    faults: {
      "json-as-other": "the body is JSON, but the content-type is not",
      "text-as-json": "the body is plain text, but the content-type is that of JSON",
    },
    holds({ answered, wanted }) {
      const isCalledJson = answered.mediaType === "application/json"
      if (isCalledJson !== isPlain(wanted)) return []
      const actual = typeOf(answered)
      return [
        isCalledJson
          ? { fault: "text-as-json", at: atType, expected: "text/plain", actual }
          : { fault: "json-as-other", at: atType, expected: "application/json", actual },
      ]
    },
  }),

  rule({
    id: "audio.text-content-type-plain",
    since,
    says: "SHOULD label plain text and subtitles with a `text/*` media type",
    severity: "SHOULD",
    source: `${transcription}; W3C WebVTT, section 9.1`,
    see: ["https://github.com/morioka/tiny-openai-whisper-api/issues/7"],
    on: writings,
    after: ["audio.transcription-format", "audio.translation-shape", "audio.text-content-type"],
    faults: { "not-text": "the content-type is not a text type" },
    holds({ answered, wanted }) {
      const { mediaType } = answered
      if (!isPlain(wanted) || /^text\/|^application\/(?:x-)?(?:subrip|srt)$/.test(mediaType)) return []
      const expected = wanted === "vtt" ? "text/vtt or text/plain" : "text/plain"
      return [{ fault: "not-text", at: atType, expected, actual: typeOf(answered) }]
    },
  }),

  rule({
    id: "audio.timing",
    since,
    says: "SHOULD return segments and words in order of time, none ending before it begins or after the end of the recording",
    severity: "SHOULD",
    source: `${transcription}: the verbose transcription object`,
    on: timedWritings,
    after: ["audio.transcription-format", "audio.translation-shape"],
    faults: {
      backwards: "a word or segment ends before it begins",
      "out-of-order": "a word or segment begins before the previous one",
      "past-end": `something ends more than ${lateness} s after the recording`,
    },
    modelDependent: true,
    holds({ reply: { segments, words, duration } }) {
      const last = duration ?? Number.POSITIVE_INFINITY
      return firstOfEach([
        ...timingFaults("segments", segments ?? [], last),
        ...timingFaults("words", words ?? [], last),
      ])
    },
  }),

  rule({
    id: "audio.granularities-honoured",
    since,
    says: "SHOULD return the timestamps that `timestamp_granularities[]` asks for: words, segments or both",
    severity: "SHOULD",
    source: transcription,
    on: timedWritings,
    after: ["audio.transcription-format", "audio.translation-shape"],
    faults: {
      "no-words": "words were requested, but are missing",
      "no-segments": "segments were requested, but are missing",
    },
    holds({ granularities, reply, answered }) {
      // Where nothing was said, there is nothing to time.
      if (answered.operation !== "createTranscription" || reply.text.trim() === "") return []
      return (["word", "segment"] as const).flatMap((name) => {
        const member = `${name}s` as const
        if (!granularities.includes(name) || (reply[member]?.length ?? 0) > 0) return []
        return [
          {
            fault: `no-${member}` as const,
            at: bodyAt(member),
            expected: member,
            actual: shown(reply[member]),
          },
        ]
      })
    },
  }),

  rule({
    id: "audio.duration",
    since,
    says: "SHOULD return the duration of the recording in seconds",
    severity: "SHOULD",
    source: `${transcription}: the verbose transcription object, duration`,
    on: timedWritings,
    after: ["audio.transcription-format", "audio.translation-shape"],
    faults: { other: `the duration is more than ${lengthTolerance} s from that of the file` },
    holds({ reply: { duration }, file }) {
      const seconds = file && wavSeconds(file)
      if (seconds === undefined || typeof duration !== "number") return []
      if (Math.abs(duration - seconds) <= lengthTolerance) return []
      return [{ fault: "other", at: bodyAt("duration"), expected: String(seconds), actual: String(duration) }]
    },
  }),

  rule({
    id: "audio.transcription-multipart",
    since,
    says: "MUST accept a multipart form regardless of the order of its fields, the quoting of its names and the characters of its file name",
    severity: "MUST",
    source: "RFC 7578, sections 4.2 and 5.2; RFC 2183, section 2",
    scope: "group",
    on: transcriptionAnswers,
    after: ["audio.transcription-format"],
    faults: {
      refused: "one form of the request is rejected, and another is not",
      "other-text": "the same recording has a different text",
    },
    asks: spellings,
    holds(answers, { deterministic }) {
      const [plain] = answers
      if (!plain || !isSuccess(plain)) return { undecided: "the usual spelling was not answered either" }
      return answers.flatMap(
        (answered, of): (Fault<"refused" | "other-text"> & { readonly of: number })[] => {
          const heard = { was: textIn(plain), is: textIn(answered) }
          if (!isSuccess(answered)) {
            if (answered.status >= 500) return []
            const actual = `${answered.status} for ${spelt[of]}`
            return [{ of, fault: "refused", at: atStatus, expected: `${plain.status}, as otherwise`, actual }]
          }
          if (!deterministic || heard.is === heard.was) return []
          const where = { of, at: bodyAt("text") }
          return [{ fault: "other-text", expected: shown(heard.was), actual: shown(heard.is), ...where }]
        },
      )
    },
  }),

  rule({
    id: "audio.recordings-only",
    since,
    says: "SHOULD reject a file that is not a recording, and a malformed form, with 4xx",
    severity: "SHOULD",
    source: `${transcription}; RFC 9110, section 15.5`,
    on: spoiltForms,
    after: ["http.no-5xx-invalid", "http.no-error-in-2xx"],
    faults: {
      "file-accepted": "a file that is not a recording is transcribed",
      "form-accepted": "a form that is cut short or malformed is transcribed",
    },
    asks: (known) => [
      ...noRecordings.map(
        ({ says, file }): Step => ({
          ...transcriptionStep(known, { file }),
          fault: { kind: "check", param: "file", says },
        }),
      ),
      ...malformedForms("createTranscription"),
    ],
    holds({ answered, fault: { kind, says } }) {
      if (!isSuccess(answered)) return []
      return [
        {
          fault: kind === "check" ? "file-accepted" : "form-accepted",
          at: atStatus,
          expected: `4xx: ${says}`,
          actual: String(answered.status),
        },
      ]
    },
  }),
] as const
