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

/** Samples of one byte each, of which 128 is the middle. */
const halfSecondOfSilence = Buffer.alloc(4000, 128)

/** Changes the transcription of a recording with half a second of silence. */
const onSilence = (change: (reply: Reply) => Partial<Reply>) =>
  onWire(
    ({ status }, { operationId, ask }) =>
      operationId === "createTranscription" &&
      status === 200 &&
      Buffer.from(ask.body).includes(halfSecondOfSilence),
    change,
  )

/** Returns a JSON reply with an error. */
const failing = ({ headers }: Reply, status: number, error: object): Partial<Reply> => ({
  status,
  headers: withHeader(headers, "content-type", "application/json"),
  body: JSON.stringify({ error: { param: null, code: null, ...error } }),
})

const isWholeForm = (form: string) => /\r\n--[^\r\n]+--\r\n$/.test(form)

/** Returns the defects in the response format of the transcription or the translation endpoint. */
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
      ...defect("not-json", "always-text", "the response for response_format json is plain text"),
      ...onRequest(operation, (request) =>
        ["verbose_json", "srt", "vtt"].includes(String(asked({ request }, "response_format")))
          ? request
          : { ...request, response_format: "text" },
      ),
    },
    {
      ...defect(
        "missing",
        "verbose-ignored",
        "the response for response_format verbose_json contains only the text",
      ),
      ...onRequest(operation, (request) =>
        asked({ request }, "response_format") === "verbose_json"
          ? { ...without(request, "timestamp_granularities[]"), response_format: "json" }
          : request,
      ),
    },
    {
      ...defect("wrong-value", "text-list", "the text is a list instead of a string"),
      ...onReply(operation, (reply) => ({ ...reply, text: [reply.text] })),
    },
    {
      ...defect(
        "json",
        "always-json",
        "the response for response_format text is JSON",
        "https://github.com/morioka/tiny-openai-whisper-api/issues/7",
      ),
      ...onPlain(operation, ["text"], asJson),
    },
    {
      ...defect(
        "srt-syntax",
        "srt-points",
        "times in SubRip subtitles have a point instead of a comma, as in WebVTT",
      ),
      ...onPlain(operation, ["srt"], (body) => ({ body: body.replace(/(:\d\d),(\d{3})/g, "$1.$2") })),
    },
    {
      ...defect("vtt-syntax", "vtt-headless", "WebVTT subtitles do not start with WEBVTT"),
      ...onPlain(operation, ["vtt"], (body) => ({ body: body.replace(/^WEBVTT\n\n/, "") })),
    },
    {
      ...defect("vtt-syntax", "vtt-header-joined", "no blank line follows WEBVTT in WebVTT subtitles"),
      ...onPlain(operation, ["vtt"], (body) => ({ body: body.replace(/^WEBVTT\n\n/, "WEBVTT\n") })),
    },
  ]
}

/** Speaks in a format of the server's own choice where none was asked for. */
const defaultingTo = (format: NonNullable<SpeechRequest["response_format"]>) =>
  onRequest("createSpeech", (request) => ({ response_format: format, ...request }))

const ofMistral = { prompt_audio_seconds: 1, prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 }

export const audioDefects: readonly Defect[] = [
  {
    id: "audio-silence-500",
    says: "a recording in which nothing is said is answered with 500",
    breaks: "http.no-5xx-valid",
    fault: "server-error",
    also: [],
    seen: [
      "https://github.com/speaches-ai/speaches/issues/608",
      "https://github.com/suitenumerique/meet/issues/930",
      "https://github.com/shashikg/WhisperS2T/issues/5",
    ],
    ...onSilence((reply) => failing(reply, 500, { message: "The server failed.", type: "server_error" })),
  },
  {
    id: "audio-default-wav",
    says: "speech is WAV when no format was requested",
    breaks: "audio.speech-default-format",
    fault: "other-container",
    also: [],
    seen: ["https://github.com/Blaizzy/mlx-audio/issues/353"],
    ...defaultingTo("wav"),
  },
  {
    id: "audio-usage-of-its-own",
    says: "usage has neither tokens nor seconds of the documented forms",
    breaks: "audio.usage-form",
    fault: "other-form",
    also: [],
    seen: ["OpenAI API reference: create transcription, usage"],
    ...onReply("createTranscription", (reply) => ({ ...reply, usage: ofMistral })),
  },
  {
    id: "audio-vtt-empty",
    says: "WebVTT is an empty body",
    breaks: "audio.vtt-header",
    fault: "empty",
    also: [],
    seen: ["W3C WebVTT, section 4.1"],
    ...onPlain("createTranscription", ["vtt"], () => ({ body: "" })),
  },
  {
    id: "audio-speech-empty",
    says: "the speech response has an empty body",
    breaks: "audio.speech-nonempty",
    fault: "empty",
    also: [],
    seen: ["Text-to-Speech: the reply is the sound itself"],
    ...onSpeech(() => ({ body: "" })),
  },
  {
    id: "audio-speech-format-ignored",
    says: "the audio is always WAV and labelled as WAV, whatever response_format was requested",
    breaks: "audio.speech-format",
    fault: "other-container",
    also: ["audio.speech-default-format"],
    seen: ["https://github.com/jundot/omlx/issues/753"],
    ...spokenAs(() => "wav"),
  },
  {
    id: "audio-speech-raw",
    says: "WAV audio is sent without its header",
    breaks: "audio.speech-format",
    fault: "no-container",
    also: [],
    seen: ["Schema SpeechRequest: response_format"],
    ...spokenAs((format) => (format === "wav" ? "pcm" : (format as "mp3"))),
  },
  {
    id: "audio-speech-pcm-with-header",
    says: "the audio for response_format pcm is a WAV file",
    breaks: "audio.speech-format",
    fault: "header-on-pcm",
    also: [],
    seen: ["OpenAI's guide to text to speech: pcm is like wav, but without the header"],
    ...spokenAs((format) => (format === "pcm" ? "wav" : (format as "mp3"))),
  },
  {
    id: "audio-speech-untyped",
    says: "the speech response has no content-type",
    breaks: "audio.speech-content-type",
    fault: "absent",
    also: [],
    seen: ["RFC 9110, section 8.3"],
    ...onSpeech(({ headers }) => ({ headers: withoutHeader(headers, "content-type") })),
  },
  {
    id: "audio-speech-content-type-fixed",
    says: "the content-type is audio/mpeg for every response_format",
    breaks: "audio.speech-content-type",
    fault: "other",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/issues/4332"],
    ...speechAs(() => "audio/mpeg"),
  },
  {
    id: "audio-speech-content-type-providers",
    says: "the content-type is always audio/wav, taken from the upstream provider",
    breaks: "audio.speech-content-type",
    fault: "other",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/pull/38798"],
    ...speechAs(() => "audio/wav"),
  },
  {
    id: "audio-speech-format-and-type",
    says: "the audio is always WAV but labelled with the requested format",
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
    says: "the content-type of the audio is application/octet-stream",
    breaks: "audio.speech-octet-stream",
    fault: "octet-stream",
    also: [],
    seen: ["https://github.com/openai/openai-openapi/issues/361"],
    ...speechAs(() => "application/octet-stream"),
  },
  {
    id: "audio-speech-cut",
    says: "only the end of the input is spoken unless it is very short",
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
    says: "a JSON transcription is labelled text/plain",
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
    says: "subtitles are labelled application/json",
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
    says: "subtitles are labelled application/octet-stream, so that browsers download them",
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
    says: "the end of each segment is its duration instead of its end time",
    breaks: "audio.timing",
    fault: "backwards",
    also: [],
    seen: ["Schema TranscriptionSegment: end"],
    ...onTimed((reply) => withTimes(reply, ({ start, end }) => ({ start: start + 0.4, end: end - start }))),
  },
  {
    id: "audio-timing-windows",
    says: "segment times restart from 0 in each recognition window",
    breaks: "audio.timing",
    fault: "out-of-order",
    also: [],
    seen: ["Schema TranscriptionSegment: start"],
    ...onTimed((reply) => withTimes(reply, (_, at) => ({ start: at === 0 ? 0.1 : 0, end: 0.2 }))),
  },
  {
    id: "audio-timing-milliseconds",
    says: "times are in milliseconds instead of seconds",
    breaks: "audio.timing",
    fault: "past-end",
    also: [],
    seen: ["Schema TranscriptionSegment: start and end are in seconds"],
    ...onTimed((reply) => withTimes(reply, ({ start, end }) => ({ start: 1000 * start, end: 1000 * end }))),
  },
  {
    id: "audio-words-ignored",
    says: "timestamp_granularities[] is accepted, but the response has no words",
    breaks: "audio.granularities-honoured",
    fault: "no-words",
    also: [],
    seen: ["Schema TranscriptionRequest: timestamp_granularities[]"],
    ...onTimed((reply) => without(reply, "words")),
  },
  {
    id: "audio-segments-ignored",
    says: "the response has no segments when word timestamps are requested",
    breaks: "audio.granularities-honoured",
    fault: "no-segments",
    also: [],
    seen: ["Schema TranscriptionRequest: timestamp_granularities[]"],
    ...onTimed((reply) => (reply.words ? { ...reply, segments: [] } : reply)),
  },
  {
    id: "audio-duration-of-window",
    says: "the duration is always 30 seconds, the length of the recognition window",
    breaks: "audio.duration",
    fault: "other",
    also: [],
    seen: ["Schema TranscriptionResponse: duration"],
    ...onTimed((reply) => ({ ...reply, duration: 30 })),
  },
  {
    id: "audio-form-quotes-needed",
    says: "field names in a multipart form are recognized only in quotes",
    breaks: "audio.transcription-multipart",
    fault: "refused",
    also: [],
    seen: ["RFC 2183, section 2: a value is a token or a quoted string"],
    ...onForm((disposition) => / name=[^"]/.test(disposition), noFile),
  },
  {
    id: "audio-form-file-first",
    says: "only part of the recording is transcribed when the file is not the first field of the form",
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
    says: "a file that is not audio is treated as silence and transcribed to some text",
    breaks: "audio.recordings-only",
    fault: "file-accepted",
    also: [],
    seen: ["Schema TranscriptionRequest: file"],
    ...onRefusal((form) => isWholeForm(form) && form.includes('name="file"')),
  },
  {
    id: "audio-form-cut",
    says: "a multipart form without its closing boundary is accepted",
    breaks: "audio.recordings-only",
    fault: "form-accepted",
    also: [],
    seen: ["RFC 2046, section 5.1.1: the last boundary closes a multipart body"],
    ...onRefusal((form) => !isWholeForm(form)),
  },
  {
    id: "audio-pcm-half-sample",
    says: "audio for response_format pcm ends inside a sample",
    breaks: "audio.speech-whole",
    fault: "half-sample",
    also: [],
    seen: ["OpenAI's guide to text to speech: pcm is raw samples of 16 bits"],
    ...onSpeech(({ headers, body }) =>
      typeOf(headers) === "audio/pcm" && body instanceof Uint8Array ? { body: body.subarray(0, -1) } : {},
    ),
  },
  {
    id: "audio-wav-cut",
    says: "a WAV file has less data than its header announces",
    breaks: "audio.speech-whole",
    fault: "cut",
    also: [],
    seen: ["OpenAI's guide to text to speech: supported output formats"],
    ...onSpeech(({ headers, body }) =>
      typeOf(headers) === "audio/wav" && body instanceof Uint8Array ? { body: body.subarray(0, -100) } : {},
    ),
  },
  {
    id: "audio-silent",
    says: "WAV files and raw samples are silent",
    breaks: "audio.speech-whole",
    fault: "silent",
    also: [],
    seen: ["OpenAI API reference: create speech"],
    ...onSpeech(({ headers, body }) => {
      if (!(body instanceof Uint8Array) || !/^audio\/(?:wav|pcm)$/.test(typeOf(headers))) return {}
      const start = typeOf(headers) === "audio/wav" ? 44 : 0
      return { body: Uint8Array.from(body, (byte, at) => (at < start ? byte : 0)) }
    }),
  },
]

export const audioVariants: readonly Variant[] = [
  {
    id: "audio-silence-unsaid",
    says: "the transcription of a recording in which nothing is said is empty",
    notes: [],
    seen: ["https://github.com/speaches-ai/speaches/issues/608"],
    ...onSilence(({ headers }) => ({
      headers: withHeader(headers, "content-type", "application/json"),
      body: '{"text":""}',
    })),
  },
  {
    id: "audio-silence-refused",
    says: "a recording in which nothing is said is answered with 400",
    notes: [],
    seen: ["https://github.com/epam/ai-dial-adapter-openai/issues/448"],
    ...onSilence((reply) =>
      failing(reply, 400, { message: "No speech detected.", type: "invalid_request_error", param: "file" }),
    ),
  },
  {
    id: "audio-speech-own-default",
    says: "speech is WAV, and labelled so, when no format was requested",
    notes: ["audio.speech-default-format"],
    seen: ["https://github.com/Blaizzy/mlx-audio/issues/353"],
    ...defaultingTo("wav"),
  },
  {
    id: "audio-usage-of-mistral",
    says: "usage has the members of Mistral's",
    notes: ["audio.usage-form"],
    seen: ["rig-core, mistral/transcription.rs: prompt_audio_seconds"],
    ...onReply("createTranscription", (reply) => ({ ...reply, usage: ofMistral })),
  },
  {
    id: "audio-vtt-of-nothing",
    says: "WebVTT of a recording in which nothing is heard is an empty body",
    notes: ["audio.vtt-header"],
    seen: ["speaches, routers/stt.py"],
    ...onPlain("createTranscription", ["vtt"], () => ({ body: "" })),
  },
  {
    id: "audio-speech-type-parameters",
    says: "the content-type of the audio has parameters",
    notes: [],
    seen: ["RFC 9110, section 8.3.1"],
    ...speechAs((type) => `${type};rate=24000`),
  },
  {
    id: "audio-speech-older-types",
    says: "the content-types of the audio are older names, such as audio/x-wav",
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
    says: "the content-type of the audio is application/octet-stream, as in OpenAI's OpenAPI document",
    notes: ["audio.speech-octet-stream"],
    seen: ["https://github.com/openai/openai-openapi/issues/361"],
    ...speechAs(() => "application/octet-stream"),
  },
  {
    id: "audio-vtt-as-plain",
    says: "WebVTT subtitles are labelled text/plain",
    notes: [],
    seen: ["https://github.com/openai/openai-openapi/issues/361"],
    ...onPlain("createTranscription", ["vtt"], (_, headers) => ({
      headers: withHeader(headers, "content-type", "text/plain; charset=utf-8"),
    })),
  },
  {
    id: "audio-vtt-tabs",
    says: "WebVTT subtitles have tabs around the arrow",
    notes: [],
    seen: ["W3C WebVTT, section 4.1: one or more spaces or tabs"],
    ...onPlain("createTranscription", ["vtt"], (body) => ({ body: body.replaceAll(" --> ", "\t-->\t") })),
  },
  {
    id: "audio-subtitles-crlf",
    says: "subtitles have CR LF line ends and start with a byte order mark",
    notes: [],
    seen: ["W3C WebVTT, section 4.1"],
    ...onPlain("createTranscription", ["srt", "vtt"], (body) => ({
      body: `\ufeff${body.replaceAll("\n", "\r\n")}`,
    })),
  },
  {
    id: "audio-nothing-said",
    says: "the transcription of a recording without speech is empty",
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
    says: "times are rounded to tenths of a second, and the language is a language code",
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
