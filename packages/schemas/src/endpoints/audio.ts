import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject, openUnion } from "../open.ts"
import { deduced, documented } from "../provenance.ts"
import { tag } from "../tag.ts"
import { text } from "../text.ts"
import { CustomVoice } from "./chat-completions.ts"

const Count = z.int().min(0)
const Seconds = z.number().min(0)

export const SpeechRequest = openObject({
  model: openEnum(modelIds("speech")).meta(documented).describe("ID of the text-to-speech model."),
  input: text(4096).meta({ description: "Text to speak, at most 4096 characters." }),
  voice: z
    .union([
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
      CustomVoice,
    ])
    .describe("Voice of the audio, by name or as a custom voice."),
  response_format: z
    .enum(["mp3", "opus", "aac", "flac", "wav", "pcm"])
    .optional()
    .meta({ default: "mp3", description: "Format of the audio file. Default: `mp3`." }),
  speed: z
    .number()
    .min(0.25)
    .max(4)
    .optional()
    .meta({ default: 1, description: "Speed of the speech, from 0.25 to 4. Default: 1." }),
  instructions: z.string().max(4096).optional().meta({
    description:
      "How to speak, such as the tone; at most 4096 characters. Not supported by `tts-1` and `tts-1-hd`. Default: none.",
  }),
}).meta({ id: "SpeechRequest", ...deduced, description: "Request to generate speech from text." })
export type SpeechRequest = z.infer<typeof SpeechRequest>

const heard = {
  file: z.file().meta({ description: "Audio file: flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav or webm." }),
  model: openEnum(modelIds("transcription")).meta(documented).describe("ID of the speech-to-text model."),
  prompt: z.string().optional().meta({
    description:
      "Text that guides the style of the output, or the end of the text before the audio. Default: none.",
  }),
  response_format: z
    .enum(["json", "text", "srt", "verbose_json", "vtt"])
    .optional()
    .meta({
      default: "json",
      description:
        "Format of the output: JSON, plain text, SRT or VTT subtitles, or JSON with timings (`verbose_json`). " +
        "Default: `json`.",
    }),
  temperature: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ default: 0, description: "Sampling temperature from 0 to 1. Default: 0." }),
}

export const TranscriptionRequest = openObject({
  ...heard,
  language: z.string().optional().meta({
    description: "Language of the audio as an ISO 639-1 code, such as `en`. Default: detected by the model.",
  }),
  "timestamp_granularities[]": z
    .array(z.enum(["word", "segment"]))
    .optional()
    .meta({
      default: ["segment"],
      description:
        "Units to return timings for. Requires `response_format: verbose_json`. Default: `segment`.",
    }),
}).meta({ id: "TranscriptionRequest", ...deduced, description: "Request to transcribe speech." })
export type TranscriptionRequest = z.infer<typeof TranscriptionRequest>

export const TranslationRequest = openObject(heard).meta({
  id: "TranslationRequest",
  ...deduced,
  description: "Request to translate speech into English text.",
})
export type TranslationRequest = z.infer<typeof TranslationRequest>

export const TranscriptionSegment = openObject({
  id: Count.describe("Position of the segment, counted from 0."),
  start: Seconds.describe("Start of the segment in seconds."),
  end: Seconds.describe("End of the segment in seconds."),
  text: z.string().describe("Text of the segment."),
  seek: Count.nullish().describe("Seek offset of the segment."),
  tokens: z.array(Count).nullish().describe("IDs of the tokens of the text."),
  temperature: z.number().nullish().describe("Sampling temperature of the segment."),
  avg_logprob: z.number().nullish().describe("Average log probability of the tokens."),
  compression_ratio: z
    .number()
    .nullish()
    .describe("Compression ratio of the text. High values indicate repetition."),
  no_speech_prob: z.number().nullish().describe("Probability that the segment contains no speech."),
}).meta({
  id: "TranscriptionSegment",
  ...deduced,
  description: "Segment of a transcription with its timing.",
})
export type TranscriptionSegment = z.infer<typeof TranscriptionSegment>

export const TranscriptionWord = openObject({
  word: z.string().describe("Text of the word."),
  start: Seconds.describe("Start of the word in seconds."),
  end: Seconds.describe("End of the word in seconds."),
}).meta({ id: "TranscriptionWord", ...deduced, description: "Word of a transcription with its timing." })
export type TranscriptionWord = z.infer<typeof TranscriptionWord>

const said = {
  text: z.string().describe("Complete text."),
  task: z.string().nullish().describe("Task of the model, such as `transcribe`. Only with `verbose_json`."),
  language: z
    .string()
    .nullish()
    .describe("Language of the audio, such as `english`. Only with `verbose_json`."),
  duration: Seconds.nullish().meta({
    description: "Duration of the audio in seconds. Only with `verbose_json`.",
  }),
  segments: z
    .array(TranscriptionSegment)
    .nullish()
    .describe("Segments of the text with their timings. Only with `verbose_json`."),
}

const TranscriptionDurationUsage = openObject({
  type: tag("duration"),
  seconds: Seconds.describe("Duration of the audio in seconds."),
}).meta({ id: "TranscriptionDurationUsage", ...deduced, description: "Usage as the duration of the audio." })

const TranscriptionTokenUsage = openObject({
  type: tag("tokens"),
  input_tokens: Count.describe("Number of tokens in the input."),
  output_tokens: Count.describe("Number of tokens in the output."),
  total_tokens: Count.describe("Sum of `input_tokens` and `output_tokens`."),
}).meta({ id: "TranscriptionTokenUsage", ...deduced, description: "Usage as tokens." })

/** With `response_format: json` there is `text` alone; `verbose_json` adds the others. */
export const TranscriptionResponse = openObject({
  ...said,
  words: z
    .array(TranscriptionWord)
    .nullish()
    .describe("Words of the text with their timings. Requires `timestamp_granularities[]` with `word`."),
  usage: openUnion("type", [TranscriptionDurationUsage, TranscriptionTokenUsage])
    .nullish()
    .describe("Usage of the request, as audio duration or as tokens."),
}).meta({
  id: "TranscriptionResponse",
  ...deduced,
  description: "Transcription. `json` returns `text` only; `verbose_json` adds the other members.",
})
export type TranscriptionResponse = z.infer<typeof TranscriptionResponse>

export const TranslationResponse = openObject(said).meta({
  id: "TranslationResponse",
  ...deduced,
  description: "Translation. `json` returns `text` only; `verbose_json` adds the other members.",
})
export type TranslationResponse = z.infer<typeof TranslationResponse>

export const createSpeech = endpoint({
  operationId: "createSpeech",
  surface: "audio",
  method: "POST",
  path: "/audio/speech",
  summary: "Generate speech from text",
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
      says: "`instructions` is not supported by tts-1 and tts-1-hd.",
      provenance: "deduced",
      holds: ({ model, instructions }) =>
        instructions === undefined || (model !== "tts-1" && model !== "tts-1-hd"),
    },
  ],
})

const plainText = {
  summary: "Plain text (response_format text)",
  provenance: "deduced",
  value: "Hello! How can I help you?\n",
} as const
const srt = {
  summary: "SRT subtitles (response_format srt)",
  provenance: "deduced",
  value: "1\n00:00:00,000 --> 00:00:01,500\nHello!\n\n",
} as const
const vtt = {
  summary: "VTT subtitles (response_format vtt)",
  provenance: "deduced",
  value: "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello!\n\n",
} as const

const file = new File([], "speech.mp3")

const spoken = {
  json: {
    summary: "Text (response_format json)",
    provenance: "deduced",
    value: { text: "Hello! How can I help you?" } satisfies TranscriptionResponse,
  },
  verbose: {
    summary: "Text with timings (response_format verbose_json)",
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
  summary: "Transcribe speech",
  description: "Transcribes speech into text. `response_format` selects JSON, plain text or subtitles.",
  provenance: "deduced",
  request: {
    mediaType: "multipart/form-data",
    schema: TranscriptionRequest,
    examples: {
      json: {
        summary: "Transcription as JSON",
        provenance: "deduced",
        value: { file, model: "whisper-1" } satisfies TranscriptionRequest,
      },
      words: {
        summary: "Transcription with the timing of each word",
        provenance: "deduced",
        value: {
          file,
          model: "whisper-1",
          language: "en",
          response_format: "verbose_json",
          "timestamp_granularities[]": ["word"],
        } satisfies TranscriptionRequest,
      },
    },
  },
  success: {
    status: 200,
    description:
      "The text, in the requested `response_format`: `text` and `srt` as `text/plain`, `vtt` as `text/vtt`, the others as JSON.",
    content: {
      "application/json": { kind: "json", schema: TranscriptionResponse },
      "text/plain": { kind: "text", examples: { text: plainText, srt } },
      "text/vtt": { kind: "text", examples: { vtt } },
    },
    provenance: "deduced",
  },
  examples: spoken,
  errors: bodyErrors,
  checks: [
    {
      param: "timestamp_granularities[]",
      says: "`timestamp_granularities[]` requires `response_format: verbose_json`.",
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
  summary: "Translate speech into English",
  description: "Translates speech in any supported language into English text.",
  provenance: "deduced",
  request: {
    mediaType: "multipart/form-data",
    schema: TranslationRequest,
    examples: {
      json: {
        summary: "Translation as JSON",
        provenance: "deduced",
        value: { file, model: "whisper-1" } satisfies TranslationRequest,
      },
      vtt: {
        summary: "Translation as subtitles",
        provenance: "deduced",
        value: { file, model: "whisper-1", response_format: "vtt" } satisfies TranslationRequest,
      },
    },
  },
  success: {
    status: 200,
    description:
      "The text, in the requested `response_format`: `text` and `srt` as `text/plain`, `vtt` as `text/vtt`, the others as JSON.",
    content: {
      "application/json": { kind: "json", schema: TranslationResponse },
      "text/plain": { kind: "text", examples: { text: plainText, srt } },
      "text/vtt": { kind: "text", examples: { vtt } },
    },
    provenance: "deduced",
  },
  examples: spoken,
  errors: bodyErrors,
  checks: [],
})
