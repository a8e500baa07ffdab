import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject, openUnion } from "../open.ts"
import { deduced, documented } from "../provenance.ts"
import { text } from "../text.ts"

const Count = z.int().min(0)
const Seconds = z.number().min(0)

export const SpeechRequest = openObject({
  model: openEnum(modelIds("speech")).meta(documented),
  input: text(4096).meta({ description: "The text to speak." }),
  voice: z.union([
    openEnum([
      "alloy",
      "ash",
      "ballad",
      "coral",
      "echo",
      "fable",
      "marin",
      "cedar",
      "nova",
      "onyx",
      "sage",
      "shimmer",
      "verse",
    ]),
    openObject({ id: z.string() }),
  ]),
  response_format: z.enum(["mp3", "opus", "aac", "flac", "wav", "pcm"]).optional().meta({ default: "mp3" }),
  speed: z.number().min(0.25).max(4).optional().meta({ default: 1 }),
  instructions: z
    .string()
    .max(4096)
    .optional()
    .meta({ description: "How to speak. Not for tts-1, tts-1-hd." }),
}).meta({ id: "SpeechRequest", ...deduced })
export type SpeechRequest = z.infer<typeof SpeechRequest>

const heard = {
  file: z.file().meta({ description: "flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav or webm." }),
  model: openEnum(modelIds("transcription")).meta(documented),
  prompt: z.string().optional().meta({ description: "A text that guides the style or precedes the audio." }),
  response_format: z
    .enum(["json", "text", "srt", "verbose_json", "vtt"])
    .optional()
    .meta({ default: "json" }),
  temperature: z.number().min(0).max(1).optional().meta({ default: 0 }),
}

export const TranscriptionRequest = openObject({
  ...heard,
  language: z.string().optional().meta({ description: "ISO 639-1." }),
  "timestamp_granularities[]": z
    .array(z.enum(["word", "segment"]))
    .optional()
    .meta({ default: ["segment"], description: "Takes `response_format: verbose_json`." }),
}).meta({ id: "TranscriptionRequest", ...deduced })
export type TranscriptionRequest = z.infer<typeof TranscriptionRequest>

export const TranslationRequest = openObject(heard).meta({ id: "TranslationRequest", ...deduced })
export type TranslationRequest = z.infer<typeof TranslationRequest>

export const TranscriptionSegment = openObject({
  id: Count,
  start: Seconds,
  end: Seconds,
  text: z.string(),
  seek: Count.nullish(),
  tokens: z.array(Count).nullish(),
  temperature: z.number().nullish(),
  avg_logprob: z.number().nullish(),
  compression_ratio: z.number().nullish(),
  no_speech_prob: z.number().nullish(),
}).meta({ id: "TranscriptionSegment", ...deduced })
export type TranscriptionSegment = z.infer<typeof TranscriptionSegment>

export const TranscriptionWord = openObject({ word: z.string(), start: Seconds, end: Seconds }).meta({
  id: "TranscriptionWord",
  ...deduced,
})
export type TranscriptionWord = z.infer<typeof TranscriptionWord>

const said = {
  text: z.string(),
  task: z.string().nullish(),
  language: z.string().nullish(),
  duration: Seconds.nullish().meta({ description: "Seconds." }),
  segments: z.array(TranscriptionSegment).nullish(),
}

/** With `response_format: json` there is `text` alone; `verbose_json` adds the others. */
export const TranscriptionResponse = openObject({
  ...said,
  words: z.array(TranscriptionWord).nullish(),
  usage: openUnion("type", [
    openObject({ type: z.literal("duration"), seconds: Seconds }),
    openObject({
      type: z.literal("tokens"),
      input_tokens: Count,
      output_tokens: Count,
      total_tokens: Count,
    }),
  ]).nullish(),
}).meta({ id: "TranscriptionResponse", ...deduced })
export type TranscriptionResponse = z.infer<typeof TranscriptionResponse>

export const TranslationResponse = openObject(said).meta({ id: "TranslationResponse", ...deduced })
export type TranslationResponse = z.infer<typeof TranslationResponse>

export const createSpeech = endpoint({
  operationId: "createSpeech",
  surface: "audio",
  method: "POST",
  path: "/audio/speech",
  summary: "Create speech",
  description: "Generates audio from the input text. The response body is the audio file.",
  provenance: "deduced",
  request: {
    mediaType: "application/json",
    schema: SpeechRequest,
    examples: {
      mp3: {
        summary: "Speech as an MP3 file",
        provenance: "deduced",
        value: { model: "tts-1", input: "Hello", voice: "alloy" } satisfies SpeechRequest,
      },
    },
  },
  success: {
    status: 200,
    description: "The audio file, in the requested `response_format`.",
    content: {
      "audio/mpeg": { kind: "binary" },
      "audio/ogg": { kind: "binary" },
      "audio/aac": { kind: "binary" },
      "audio/flac": { kind: "binary" },
      "audio/wav": { kind: "binary" },
      "audio/pcm": { kind: "binary" },
    },
    provenance: "chosen",
  },
  examples: {},
  errors: bodyErrors,
  checks: [
    {
      param: "instructions",
      says: "tts-1 and tts-1-hd take no `instructions`.",
      provenance: "deduced",
      holds: ({ model, instructions }) =>
        instructions === undefined || (model !== "tts-1" && model !== "tts-1-hd"),
    },
  ],
})

const spoken = {
  json: {
    summary: "The text",
    provenance: "deduced",
    value: { text: "Hello! How can I help you?" } satisfies TranscriptionResponse,
  },
  verbose: {
    summary: "The text with its timing (verbose_json)",
    provenance: "deduced",
    value: {
      task: "transcribe",
      language: "english",
      duration: 1.5,
      text: "Hello!",
      segments: [{ id: 0, seek: 0, start: 0, end: 1.5, text: "Hello!", tokens: [15947, 0] }],
    } satisfies TranscriptionResponse,
  },
} as const

export const createTranscription = endpoint({
  operationId: "createTranscription",
  surface: "audio",
  method: "POST",
  path: "/audio/transcriptions",
  summary: "Create a transcription",
  description: "Transcribes speech into text. `response_format` selects JSON, plain text or subtitles.",
  provenance: "deduced",
  request: {
    mediaType: "multipart/form-data",
    schema: TranscriptionRequest,
    examples: {},
  },
  success: {
    status: 200,
    description: "The text. `text` and `srt` are returned as `text/plain`, `vtt` as `text/vtt`.",
    content: {
      "application/json": { kind: "json", schema: TranscriptionResponse },
      "text/plain": { kind: "text" },
      "text/vtt": { kind: "text" },
    },
    provenance: "deduced",
  },
  examples: spoken,
  errors: bodyErrors,
  checks: [
    {
      param: "timestamp_granularities[]",
      says: "`timestamp_granularities[]` needs `response_format: verbose_json`.",
      provenance: "deduced",
      holds: (request) =>
        request["timestamp_granularities[]"] === undefined || request.response_format === "verbose_json",
    },
  ],
})

export const createTranslation = endpoint({
  operationId: "createTranslation",
  surface: "audio",
  method: "POST",
  path: "/audio/translations",
  summary: "Create a translation",
  description: "Translates speech in any supported language into English text.",
  provenance: "deduced",
  request: {
    mediaType: "multipart/form-data",
    schema: TranslationRequest,
    examples: {},
  },
  success: {
    status: 200,
    description: "The text. `text` and `srt` are returned as `text/plain`, `vtt` as `text/vtt`.",
    content: {
      "application/json": { kind: "json", schema: TranslationResponse },
      "text/plain": { kind: "text" },
      "text/vtt": { kind: "text" },
    },
    provenance: "deduced",
  },
  examples: spoken,
  errors: bodyErrors,
  checks: [],
})
