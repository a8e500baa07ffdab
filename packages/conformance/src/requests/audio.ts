import type { SpeechRequest, TranscriptionRequest, TranslationRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { TargetFacts } from "../target/facts.ts"
import { type Members, requestOf, sometimes } from "./members.ts"
import { texts } from "./texts.ts"

type SpeechMembers = Members<SpeechRequest>
type TranscriptionMembers = Members<TranscriptionRequest>
type TranslationMembers = Members<TranslationRequest>

/** Duration of the kit's own recording. */
export const toneSeconds = 0.5
const samplesPerSecond = 8000
const hertz = 440

/** Duration of the kit's recording of silence: long, and within the 30 seconds that Whisper hears at once. */
const silenceSeconds = 20

/** The value of a sample of silence, in the middle of those of a byte. */
const zero = 128

/** A sound as a WAV file: the header of RIFF WAVE for PCM, and one byte for each sample. */
function wavBytes(samples: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + samples.length)
  const view = new DataView(bytes.buffer)
  const tag = (offset: number, name: string) => bytes.set(new TextEncoder().encode(name), offset)
  tag(0, "RIFF")
  view.setUint32(4, 36 + samples.length, true)
  tag(8, "WAVEfmt ")
  view.setUint32(16, 16, true)
  // PCM, mono.
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, samplesPerSecond, true)
  view.setUint32(28, samplesPerSecond, true)
  view.setUint16(32, 1, true)
  view.setUint16(34, 8, true)
  tag(36, "data")
  view.setUint32(40, samples.length, true)
  bytes.set(samples, 44)
  return bytes
}

const toneBytes = wavBytes(
  Uint8Array.from(
    { length: toneSeconds * samplesPerSecond },
    (_, at) => zero + Math.round(100 * Math.sin((2 * Math.PI * hertz * at) / samplesPerSecond)),
  ),
)

/** The kit's own recording, half a second of a tone, under a name. */
export const tone = (name = "tone.wav"): File => new File([toneBytes], name, { type: "audio/wav" })

/** A recording in which nothing is said. */
export const silence = (): File =>
  new File([wavBytes(new Uint8Array(silenceSeconds * samplesPerSecond).fill(zero))], "silence.wav", {
    type: "audio/wav",
  })

export const speechFormats = ["mp3", "opus", "aac", "flac", "wav", "pcm"] as const
export const plainFormats = ["text", "srt", "vtt"] as const

/** Generates the optional members that the target's speech model may support. */
function speechMembers({ models }: TargetFacts): Readonly<Record<string, fc.Arbitrary<SpeechMembers>>> {
  return {
    response_format: fc.record({ response_format: fc.constantFrom(...speechFormats) }),
    speed: fc.record({ speed: fc.constantFrom(1, 0.5, 2, 4) }),
    ...(!models.speech.startsWith("tts-1") && {
      instructions: fc.record({ instructions: fc.constantFrom("Whisper.", "Sprich fröhlich.") }),
    }),
  }
}

/** Requests to speak a short text, with any of the optional members. */
export function anySpeechRequests(known: TargetFacts): fc.Arbitrary<SpeechRequest> {
  const base = texts.map((input) => ({ model: known.models.speech, input, voice: known.voice }))
  return requestOf<SpeechRequest>(base, Object.values(speechMembers(known)).map(sometimes))
}

const heardMembers: Readonly<Record<string, fc.Arbitrary<TranslationMembers>>> = {
  response_format: fc.record({
    response_format: fc.constantFrom("json" as const, "verbose_json" as const, ...plainFormats),
  }),
  prompt: fc.record({ prompt: fc.constantFrom("A tone.", "Ein Ton: 好") }),
  temperature: fc.record({ temperature: fc.constantFrom(0, 0.5, 1) }),
}

/** The optional members of a transcription. */
const transcriptionMembers: Readonly<Record<string, fc.Arbitrary<TranscriptionMembers>>> = {
  ...heardMembers,
  language: fc.record({ language: fc.constantFrom("en", "uk") }),
  granularities: fc.record({
    response_format: fc.constant("verbose_json" as const),
    "timestamp_granularities[]": fc.subarray(["word", "segment"] as const, { minLength: 1 }),
  }),
}

/** Returns a request about the kit's own recording with the default options. */
export const heardBody = ({ models }: TargetFacts): { readonly file: File; readonly model: string } => ({
  file: tone(),
  model: models.transcription,
})

/** Generates requests to transcribe the kit's own recording, with any of the optional members. */
export function anyTranscriptionRequests(known: TargetFacts): fc.Arbitrary<TranscriptionRequest> {
  const parts = Object.values(transcriptionMembers).map(sometimes)
  return requestOf<TranscriptionRequest>(fc.constant(heardBody(known)), parts)
}

/** Requests to translate the kit's own recording, with any of the optional members. */
export function anyTranslationRequests(known: TargetFacts): fc.Arbitrary<TranslationRequest> {
  const parts = Object.values(heardMembers).map(sometimes)
  return requestOf<TranslationRequest>(fc.constant(heardBody(known)), parts)
}
