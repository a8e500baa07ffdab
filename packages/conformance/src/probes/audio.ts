import type { Probe } from "../probe.ts"
import { askFor } from "../requests/ask.ts"
import { heardBody, plainFormats, silence, speechFormats } from "../requests/audio.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"

/** Returns a step that requests speech of one word, with additional `members`. */
export const speechStep = (known: TargetFacts, members: object = {}): Step =>
  askFor("createSpeech", { model: known.models.speech, input: "Hello.", voice: known.voice, ...members })

/** Returns a step that transcribes the kit's own recording, with additional `members`. */
export const transcriptionStep = (known: TargetFacts, members: object = {}): Step =>
  askFor("createTranscription", { ...heardBody(known), ...members })

/** Returns a step that translates the kit's own recording, with additional `members`. */
export const translationStep = (known: TargetFacts, members: object = {}): Step =>
  askFor("createTranslation", { ...heardBody(known), ...members })

/** Speech of one word in the default format. */
export const oneWord: Probe = {
  id: "audio.speech",
  says: "one word, spoken",
  asks: (known) => [speechStep(known)],
}

/** Speech of one word in each format. */
export const everyFormat: Probe = {
  id: "audio.speech-formats",
  says: "one word, spoken in each format",
  asks: (known) => speechFormats.map((response_format) => speechStep(known, { response_format })),
}

/** A transcription in the default format. */
export const plainTranscription: Probe = {
  id: "audio.transcription",
  says: "a transcription of half a second of sound",
  asks: (known) => [transcriptionStep(known)],
}

/** A transcription with timestamps of words and segments. */
export const verboseTranscription: Probe = {
  id: "audio.transcription-verbose",
  says: "a transcription of half a second of sound, with the time of each word and segment",
  asks: (known) => [
    transcriptionStep(known, {
      response_format: "verbose_json",
      "timestamp_granularities[]": ["word", "segment"],
    }),
  ],
}

/** A transcription in each format that is not JSON. */
export const plainTranscripts: Probe = {
  id: "audio.transcription-texts",
  says: "a transcription of half a second of sound, as plain text and as subtitles",
  asks: (known) => plainFormats.map((response_format) => transcriptionStep(known, { response_format })),
}

/** A silent recording: a server may return an empty text, but must not fail. */
export const silentTranscription: Probe = {
  id: "audio.silence",
  says: "a transcription of twenty seconds of silence",
  asks: (known) => [transcriptionStep(known, { file: silence() })],
}

/** A translation into English. */
export const plainTranslation: Probe = {
  id: "audio.translation",
  says: "a translation of half a second of sound into English",
  asks: (known) => [translationStep(known)],
}
