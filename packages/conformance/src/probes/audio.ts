import type { Probe } from "../probe.ts"
import { askFor } from "../requests/ask.ts"
import { heardBody, plainFormats, speechFormats } from "../requests/audio.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"

/** A request to speak one word; `members` may say more. */
export const speechStep = (known: TargetFacts, members: object = {}): Step =>
  askFor("createSpeech", { model: known.models.speech, input: "Hello.", voice: "alloy", ...members })

/** A request to write down the kit's own recording; `members` may say more. */
export const transcriptionStep = (known: TargetFacts, members: object = {}): Step =>
  askFor("createTranscription", { ...heardBody(known), ...members })

/** A request to translate the kit's own recording; `members` may say more. */
export const translationStep = (known: TargetFacts, members: object = {}): Step =>
  askFor("createTranslation", { ...heardBody(known), ...members })

/** One word, in the format that comes when nothing is said. */
export const oneWord: Probe = {
  id: "audio.speech",
  says: "one word, spoken",
  asks: (known) => [speechStep(known)],
}

/** One word in each format. */
export const everyFormat: Probe = {
  id: "audio.speech-formats",
  says: "one word, spoken in each format",
  asks: (known) => speechFormats.map((response_format) => speechStep(known, { response_format })),
}

/** The text of a recording and nothing else. */
export const plainTranscription: Probe = {
  id: "audio.transcription",
  says: "what is said in half a second of sound",
  asks: (known) => [transcriptionStep(known)],
}

/** The text of a recording with the time of each part of it. */
export const verboseTranscription: Probe = {
  id: "audio.transcription-verbose",
  says: "what is said in half a second of sound, with the time of each word and segment",
  asks: (known) => [
    transcriptionStep(known, {
      response_format: "verbose_json",
      "timestamp_granularities[]": ["word", "segment"],
    }),
  ],
}

/** The text of a recording in each form that is no JSON. */
export const plainTranscripts: Probe = {
  id: "audio.transcription-texts",
  says: "what is said in half a second of sound, as plain text and as subtitles",
  asks: (known) => plainFormats.map((response_format) => transcriptionStep(known, { response_format })),
}

/** The English text of a recording. */
export const plainTranslation: Probe = {
  id: "audio.translation",
  says: "what is said in half a second of sound, in English",
  asks: (known) => [translationStep(known)],
}
