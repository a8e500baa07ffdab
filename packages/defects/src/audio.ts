import type { SpeechRequest, TranscriptionResponse } from "@nexhina/schemas"
import { type Header, headerOf, type Reply, type Situation } from "@nexhina/wire"
import { asked, type Defect, onReply, onRequest, onWire, type Variant, without } from "./defect.ts"
import { withHeader, withoutHeader } from "./http.ts"

const typeOf = (headers: readonly Header[]) => headerOf(headers, "content-type") ?? ""

/** Changes what stands on the wire of a spoken text. */
const onSpeech = (change: (reply: Reply, situation: Situation) => Partial<Reply>) =>
  onWire(({ status }, { operationId }) => operationId === "createSpeech" && status === 200, change)

/** Changes the content-type of a spoken text. */
const speechAs = (type: (before: string) => string) =>
  onSpeech(({ headers }) => ({ headers: withHeader(headers, "content-type", type(typeOf(headers))) }))

/** Speaks in another format than the one that was asked for. */
const spokenAs = (change: (format: string) => NonNullable<SpeechRequest["response_format"]>) =>
  onRequest("createSpeech", (request) => ({
    ...request,
    response_format: change(String(asked({ request }, "response_format") ?? "mp3")),
  }))

type Operation = "createTranscription" | "createTranslation"

/** What a text that was heard stands on the wire as, where it is no JSON. */
function plainFormat({ status, headers, body }: Reply): "text" | "srt" | "vtt" | undefined {
  if (status !== 200 || typeof body !== "string" || typeOf(headers) === "application/json") return undefined
  if (body.startsWith("WEBVTT")) return "vtt"
  return /^\d+\n\d\d:/.test(body) ? "srt" : "text"
}

/** Changes plain text that was heard, in these formats. */
const onPlain = (
  operation: Operation,
  formats: readonly string[],
  change: (body: string, headers: readonly Header[]) => Partial<Reply>,
) =>
  onWire(
    (reply, { operationId }) => operationId === operation && formats.includes(plainFormat(reply) ?? ""),
    ({ body, headers }) => change(String(body), headers),
  )

const asJson = (body: string, headers: readonly Header[]) => ({
  headers: withHeader(headers, "content-type", "application/json"),
  body: JSON.stringify({ text: body }),
})

const isTimed = (reply: TranscriptionResponse) => reply.duration !== undefined

/** Changes the reply to a request for the timing too. */
const onTimed = (change: (reply: TranscriptionResponse) => object) =>
  onReply("createTranscription", (reply) => (isTimed(reply) ? change(reply) : reply))

/** The reply with other times for each segment and word. */
function withTimes(
  reply: TranscriptionResponse,
  change: (span: { readonly start: number; readonly end: number }, at: number) => object,
): object {
  const changed = <Span extends { start: number; end: number }>(spans: readonly Span[] | null | undefined) =>
    spans?.map((span, at) => ({ ...span, ...change(span, at) }))
  return { ...reply, segments: changed(reply.segments), words: changed(reply.words) }
}

/** The headers of a form's part that holds a file. */
const fileHeaders = /Content-Disposition: form-data;([^\r\n]*filename[^\r\n]*)\r\n/

/** Whether something in the headers of the file's part is such that this server cannot read it. */
const onForm = (
  isUnreadable: (disposition: string, wholeForm: string) => boolean,
  change: (reply: Reply) => Partial<Reply>,
) =>
  onWire(({ status }, { operationId, ask }) => {
    if (operationId !== "createTranscription" || status !== 200) return false
    const form = new TextDecoder("latin1").decode(ask.body)
    return isUnreadable(fileHeaders.exec(form)?.[1] ?? "", form)
  }, change)

const noFile = ({ headers }: Reply): Partial<Reply> => ({
  status: 400,
  headers: withHeader(headers, "content-type", "application/json"),
  body: JSON.stringify({
    error: { message: "There was no audio.", type: "invalid_request_error", param: "file", code: null },
  }),
})

/** What a refused form is answered with by a server that hears something in everything. */
const heard = ({ headers }: Reply): Partial<Reply> => ({
  status: 200,
  headers: withHeader(headers, "content-type", "application/json"),
  body: '{"text":"Thank you."}',
})

/** A refusal of what was sent as a form, told by what the form holds. */
const onRefusal = (is: (form: string) => boolean) =>
  onWire(
    ({ status }, { operationId, ask }) =>
      operationId === "createTranscription" &&
      status === 400 &&
      is(new TextDecoder("latin1").decode(ask.body)),
    heard,
  )

const isWholeForm = (form: string) => /\r\n--[^\r\n]+--\r\n$/.test(form)

/** The ways in which a text that was heard has another form than was asked for, for one of two endpoints. */
function formDefects(operation: Operation, rule: string, seen: readonly string[]): readonly Defect[] {
  const name = operation === "createTranscription" ? "transcription" : "translation"
  const defect = (fault: string, id: string, says: string, thread?: string) => ({
    id: `audio-${name}-${id}`,
    says,
    breaks: rule,
    fault,
    also: [],
    seen: thread === undefined ? seen : [thread],
  })
  return [
    {
      ...defect("not-json", "always-text", "response_format json gives plain text"),
      ...onRequest(operation, (request) =>
        ["verbose_json", "srt", "vtt"].includes(String(asked({ request }, "response_format")))
          ? request
          : { ...request, response_format: "text" },
      ),
    },
    {
      ...defect("missing", "verbose-ignored", "response_format verbose_json gives the text alone"),
      ...onRequest(operation, (request) =>
        asked({ request }, "response_format") === "verbose_json"
          ? { ...without(request, "timestamp_granularities[]"), response_format: "json" }
          : request,
      ),
    },
    {
      ...defect("wrong-value", "text-list", "the text is a list of sentences"),
      ...onReply(operation, (reply) => ({ ...reply, text: [reply.text] })),
    },
    {
      ...defect(
        "json",
        "always-json",
        "plain text comes in JSON",
        "https://github.com/morioka/tiny-openai-whisper-api/issues/7",
      ),
      ...onPlain(operation, ["text"], asJson),
    },
    {
      ...defect("srt-syntax", "srt-points", "SubRip's times have points, as those of WebVTT"),
      ...onPlain(operation, ["srt"], (body) => ({ body: body.replace(/(:\d\d),(\d{3})/g, "$1.$2") })),
    },
    {
      ...defect("vtt-syntax", "vtt-headless", "WebVTT does not begin with WEBVTT"),
      ...onPlain(operation, ["vtt"], (body) => ({ body: body.replace(/^WEBVTT\n\n/, "") })),
    },
  ]
}

export const audioDefects: readonly Defect[] = [
  {
    id: "audio-speech-empty",
    says: "a text is answered with nothing",
    breaks: "audio.speech-nonempty",
    fault: "empty",
    also: [],
    seen: ["Text-to-Speech: the reply is the sound itself"],
    ...onSpeech(() => ({ body: "" })),
  },
  {
    id: "audio-speech-format-ignored",
    says: "every format is WAV, and is called so",
    breaks: "audio.speech-format",
    fault: "other-container",
    also: [],
    seen: ["https://github.com/jundot/omlx/issues/753"],
    ...spokenAs(() => "wav"),
  },
  {
    id: "audio-speech-raw",
    says: "WAV comes without its header",
    breaks: "audio.speech-format",
    fault: "no-container",
    also: [],
    seen: ["Schema SpeechRequest: response_format"],
    ...spokenAs((format) => (format === "wav" ? "pcm" : (format as "mp3"))),
  },
  {
    id: "audio-speech-pcm-with-header",
    says: "pcm is WAV",
    breaks: "audio.speech-format",
    fault: "header-on-pcm",
    also: [],
    seen: ["OpenAI's guide to text to speech: pcm is like wav, but without the header"],
    ...spokenAs((format) => (format === "pcm" ? "wav" : (format as "mp3"))),
  },
  {
    id: "audio-speech-untyped",
    says: "nothing says which format the sound has",
    breaks: "audio.speech-content-type",
    fault: "absent",
    also: [],
    seen: ["RFC 9110, section 8.3"],
    ...onSpeech(({ headers }) => ({ headers: withoutHeader(headers, "content-type") })),
  },
  {
    id: "audio-speech-content-type-fixed",
    says: "the content-type is audio/mpeg whatever the format",
    breaks: "audio.speech-content-type",
    fault: "other",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/issues/4332"],
    ...speechAs(() => "audio/mpeg"),
  },
  {
    id: "audio-speech-content-type-providers",
    says: "the content-type is that of the provider behind the gateway: WAV for everything",
    breaks: "audio.speech-content-type",
    fault: "other",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/pull/38798"],
    ...speechAs(() => "audio/wav"),
  },
  {
    id: "audio-speech-format-and-type",
    says: "every format is WAV, and is called what was asked for",
    breaks: "audio.speech-format",
    fault: "other-container",
    also: ["audio.speech-content-type"],
    seen: ["https://github.com/veniceai/api-docs/issues/386"],
    ...onSpeech(({ body }) => {
      const wav = new Uint8Array(64)
      for (const [at, text] of [
        [0, "RIFF"],
        [8, "WAVEfmt "],
      ] as const)
        wav.set(new TextEncoder().encode(text), at)
      return body instanceof Uint8Array ? { body: wav } : {}
    }),
  },
  {
    id: "audio-speech-octet-stream",
    says: "the content-type is that of any bytes",
    breaks: "audio.speech-octet-stream",
    fault: "octet-stream",
    also: [],
    seen: ["https://github.com/openai/openai-openapi/issues/361"],
    ...speechAs(() => "application/octet-stream"),
  },
  {
    id: "audio-speech-cut",
    says: "of a text that is more than a few words only the end is spoken",
    breaks: "audio.speech-length",
    fault: "shorter",
    also: [],
    seen: ["Schema SpeechRequest: input"],
    ...onRequest("createSpeech", (request) => {
      const input = String(asked({ request }, "input"))
      return { ...request, input: input.length > 20 ? input.slice(-2) : input }
    }),
  },
  ...formDefects("createTranscription", "audio.transcription-format", [
    "Schema TranscriptionRequest: response_format",
  ]),
  ...formDefects("createTranslation", "audio.translation-shape", [
    "Schema TranslationRequest: response_format",
  ]),
  {
    id: "audio-json-as-text",
    says: "JSON is called plain text",
    breaks: "audio.text-content-type",
    fault: "json-as-other",
    also: [],
    seen: ["https://github.com/morioka/tiny-openai-whisper-api/issues/7"],
    ...onWire(
      ({ status, headers }, { operationId }) =>
        operationId === "createTranscription" && status === 200 && typeOf(headers) === "application/json",
      ({ headers }) => ({ headers: withHeader(headers, "content-type", "text/plain") }),
    ),
  },
  {
    id: "audio-transcription-content-type",
    says: "subtitles are called JSON",
    breaks: "audio.text-content-type",
    fault: "text-as-json",
    also: [],
    seen: ["https://github.com/morioka/tiny-openai-whisper-api/issues/7"],
    ...onPlain("createTranscription", ["text", "srt", "vtt"], (_, headers) => ({
      headers: withHeader(headers, "content-type", "application/json"),
    })),
  },
  {
    id: "audio-subtitles-as-bytes",
    says: "subtitles are called bytes, so that browsers save them",
    breaks: "audio.text-content-type-plain",
    fault: "not-text",
    also: [],
    seen: ["https://github.com/morioka/tiny-openai-whisper-api/issues/7"],
    ...onPlain("createTranscription", ["srt", "vtt"], (_, headers) => ({
      headers: withHeader(headers, "content-type", "application/octet-stream"),
    })),
  },
  {
    id: "audio-timing-lengths",
    says: "the end of a segment is its length",
    breaks: "audio.timing",
    fault: "backwards",
    also: [],
    seen: ["Schema TranscriptionSegment: end"],
    ...onTimed((reply) => withTimes(reply, ({ start, end }) => ({ start: start + 0.4, end: end - start }))),
  },
  {
    id: "audio-timing-windows",
    says: "times are counted anew in each window",
    breaks: "audio.timing",
    fault: "out-of-order",
    also: [],
    seen: ["Schema TranscriptionSegment: start"],
    ...onTimed((reply) => withTimes(reply, (_, at) => ({ start: at === 0 ? 0.1 : 0, end: 0.2 }))),
  },
  {
    id: "audio-timing-milliseconds",
    says: "times are in milliseconds",
    breaks: "audio.timing",
    fault: "past-end",
    also: [],
    seen: ["Schema TranscriptionSegment: start and end are in seconds"],
    ...onTimed((reply) => withTimes(reply, ({ start, end }) => ({ start: 1000 * start, end: 1000 * end }))),
  },
  {
    id: "audio-words-ignored",
    says: "timestamp_granularities[] is accepted, and there are no words",
    breaks: "audio.granularities-honoured",
    fault: "no-words",
    also: [],
    seen: ["Schema TranscriptionRequest: timestamp_granularities[]"],
    ...onTimed((reply) => without(reply, "words")),
  },
  {
    id: "audio-segments-ignored",
    says: "where words are asked for, there are no segments",
    breaks: "audio.granularities-honoured",
    fault: "no-segments",
    also: [],
    seen: ["Schema TranscriptionRequest: timestamp_granularities[]"],
    ...onTimed((reply) => (reply.words ? { ...reply, segments: [] } : reply)),
  },
  {
    id: "audio-duration-of-window",
    says: "the duration is that of the recognizer's window, half a minute",
    breaks: "audio.duration",
    fault: "other",
    also: [],
    seen: ["Schema TranscriptionResponse: duration"],
    ...onTimed((reply) => ({ ...reply, duration: 30 })),
  },
  {
    id: "audio-form-quotes-needed",
    says: "a form's names are found in quotes alone",
    breaks: "audio.transcription-multipart",
    fault: "refused",
    also: [],
    seen: ["RFC 2183, section 2: a value is a token or a quoted string"],
    ...onForm((disposition) => / name=[^"]/.test(disposition), noFile),
  },
  {
    id: "audio-form-file-first",
    says: "where the file does not come first, only the half of it is heard",
    breaks: "audio.transcription-multipart",
    fault: "other-text",
    also: [],
    seen: ["RFC 7578, section 5.2: the order of the parts is free"],
    ...onForm(
      (_, form) => form.indexOf('name="model"') < form.indexOf('name="file"'),
      () => ({ body: '{"text":"A recording."}' }),
    ),
  },
  {
    id: "audio-hears-nothing",
    says: "what is no recording is taken for silence, in which something is heard",
    breaks: "audio.recordings-only",
    fault: "file-accepted",
    also: [],
    seen: ["Schema TranscriptionRequest: file"],
    ...onRefusal((form) => isWholeForm(form) && form.includes('name="file"')),
  },
  {
    id: "audio-form-cut",
    says: "a form that ends too soon is taken for whole",
    breaks: "audio.recordings-only",
    fault: "form-accepted",
    also: [],
    seen: ["RFC 2046, section 5.1.1: the last boundary closes a multipart body"],
    ...onRefusal((form) => !isWholeForm(form)),
  },
]

export const audioVariants: readonly Variant[] = [
  {
    id: "audio-speech-type-parameters",
    says: "the content-type of sound has parameters",
    notes: [],
    seen: ["RFC 9110, section 8.3.1"],
    ...speechAs((type) => `${type};rate=24000`),
  },
  {
    id: "audio-speech-older-types",
    says: "the content-types are older names",
    notes: [],
    seen: ["https://github.com/BerriAI/litellm/pull/38798"],
    ...speechAs((type) => {
      const older: Readonly<Record<string, string>> = {
        "audio/mpeg": "audio/mp3",
        "audio/ogg": "audio/opus",
        "audio/wav": "audio/x-wav",
        "audio/flac": "audio/x-flac",
        "audio/pcm": "audio/L16",
      }
      return older[type] ?? type
    }),
  },
  {
    id: "audio-speech-any-bytes",
    says: "the content-type is application/octet-stream, as OpenAI's OpenAPI document says",
    notes: ["audio.speech-octet-stream"],
    seen: ["https://github.com/openai/openai-openapi/issues/361"],
    ...speechAs(() => "application/octet-stream"),
  },
  {
    id: "audio-vtt-as-plain",
    says: "WebVTT is called text/plain",
    notes: [],
    seen: ["https://github.com/openai/openai-openapi/issues/361"],
    ...onPlain("createTranscription", ["vtt"], (_, headers) => ({
      headers: withHeader(headers, "content-type", "text/plain; charset=utf-8"),
    })),
  },
  {
    id: "audio-subtitles-crlf",
    says: "the lines of subtitles end as on Windows, behind a byte order mark",
    notes: [],
    seen: ["W3C WebVTT, section 4.1"],
    ...onPlain("createTranscription", ["srt", "vtt"], (body) => ({
      body: `\ufeff${body.replaceAll("\n", "\r\n")}`,
    })),
  },
  {
    id: "audio-nothing-said",
    says: "nothing is heard in a tone",
    notes: [],
    seen: ["Speech-to-Text: a recording in which nothing is said"],
    ...onReply("createTranscription", (reply) => ({
      ...reply,
      text: "",
      ...(reply.segments && { segments: [] }),
      ...(reply.words && { words: [] }),
    })),
  },
  {
    id: "audio-rounded-duration",
    says: "times are rounded to tenths of a second, and the language is a code",
    notes: [],
    seen: ["OpenAI API reference: the verbose transcription object"],
    ...onTimed((reply) => ({
      ...withTimes(reply, ({ start, end }) => ({
        start: Math.round(10 * start) / 10,
        end: Math.round(10 * end) / 10,
      })),
      language: "en",
    })),
  },
]
