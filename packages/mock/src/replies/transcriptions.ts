import type {
  TranscriptionResponse,
  TranscriptionSegment,
  TranscriptionWord,
  TranslationResponse,
} from "@nexhina/schemas"
import type { AudioReader } from "../audio/read-audio.ts"
import { sentence } from "../content/prose.ts"
import { type Digest, digest, random } from "../content/random.ts"
import { tokens } from "../content/tokens.ts"
import type { Lane } from "../lane.ts"
import type { GeneratedFile, ReplyMaker } from "../reply-maker.ts"
import { fileBytes } from "../request/file-bytes.ts"
import { refuseStream } from "./not-streamed.ts"
import { readScript, type Script, type ScriptedPiece } from "./script.ts"

/**
 * What the mock's own speech says, or how long a recording lasts and then prose in time with it. The length is that
 * of the file.
 */
export const createTranscription: ReplyMaker<"createTranscription"> = async ({
  request,
  models,
  profile,
  seed,
  audio,
  lane,
  members,
}) => {
  const { file, model, language, prompt = "", temperature = 0 } = request
  models.require(model, "transcription")
  // Source: OpenAI API reference, "Create transcription": the member is ignored for this model.
  if (model !== "whisper-1") refuseStream(request, { stream: true }, "transcriptions")
  const spoken = language ? languageName(language) : undefined
  const heard = await listen({ audio, lane }, file, digest(prompt, seed), spoken)
  const said = members ? scripted(heard, readScript(members)) : heard
  const format = request.response_format ?? "json"
  if (format !== "json" && format !== "verbose_json") return written(said, format)
  const usage = { type: "duration", seconds: Math.ceil(said.seconds) } as const
  if (format === "json") {
    return {
      value: { text: said.text, ...(profile.openaiMembers && { usage }) } satisfies TranscriptionResponse,
      onRequest,
    }
  }
  const granularities = request["timestamp_granularities[]"] ?? ["segment"]
  const value: TranscriptionResponse = {
    task: "transcribe",
    language: spoken?.toLowerCase() ?? "english",
    duration: said.seconds,
    text: said.text,
    ...(granularities.includes("word") && { words: words(said) }),
    ...(granularities.includes("segment") && { segments: segments(said, temperature) }),
    usage,
  }
  return { value, onRequest }
}

/** The members that depend on the format and the granularities of the request. */
const onRequest = ["task", "language", "duration", "segments", "words"]

/** As a transcription, but that the text is taken for English. */
export const createTranslation: ReplyMaker<"createTranslation"> = async ({
  request,
  models,
  seed,
  audio,
  lane,
  members,
}) => {
  const { file, model, prompt = "", temperature = 0 } = request
  models.require(model, "transcription")
  const heard = await listen({ audio, lane }, file, digest(prompt, seed))
  const said = members ? scripted(heard, readScript(members)) : heard
  const format = request.response_format ?? "json"
  if (format !== "json" && format !== "verbose_json") return written(said, format)
  const value: TranslationResponse =
    format === "json"
      ? { text: said.text }
      : {
          task: "translate",
          language: "english",
          duration: said.seconds,
          text: said.text,
          segments: segments(said, temperature),
        }
  return { value, onRequest }
}

/** A part of a recording: its text, and when it is said, in seconds. */
interface Part {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A text that is said evenly from 0 to `seconds`, unless it has parts. */
interface Said {
  readonly text: string
  readonly seconds: number
  /** Default: its sentences. */
  readonly parts?: readonly Part[]
}

/** Returns what a scenario makes of a recording. What the scenario leaves out is derived from the rest. */
function scripted(heard: Said, { text, duration, segments, words }: Script): Said {
  const pieces = segments ?? words
  const joined = pieces?.map((piece) => piece.text.trim()).join(" ")
  const lastEnd = Math.max(heard.seconds, ...(pieces ?? []).map(({ end = 0 }) => end))
  const said = { text: text ?? joined ?? heard.text, seconds: duration ?? lastEnd }
  return segments ? { ...said, parts: partsOf(segments, said.seconds) } : said
}

/** Returns scripted segments with the times that they leave out: those of an even voice. */
function partsOf(segments: readonly ScriptedPiece[], seconds: number): Part[] {
  const whole = { text: segments.map(({ text }) => text).join(""), seconds }
  let place = 0
  return segments.map(({ text, start, end }) => {
    const begin = place
    place += text.length
    return { text, start: start ?? timeAt(whole, begin), end: end ?? timeAt(whole, place) }
  })
}

async function listen(
  { audio, lane }: { readonly audio: AudioReader; readonly lane: Lane },
  file: File,
  seed: Digest,
  language?: string,
): Promise<Said> {
  const { seconds, words } = await audio.read(file, lane.signal())
  const text = words?.replace(/\s+/g, " ").trim()
  if (text) return { text, seconds }
  const draws = random(digest(await fileBytes(file), seed))
  const sentences = Array.from(
    { length: Math.min(Math.floor(seconds / sentenceSeconds), mostSentences) },
    () => sentence(draws),
  )
  const length = seconds === 1 ? "one second" : `${seconds} seconds`
  const first = `A recording of ${length}${language ? ` in ${language}` : ""}.`
  return { text: [first, ...sentences].join(" "), seconds }
}

/** How long a sentence takes to say, and how many are made up for one recording (chosen). */
const sentenceSeconds = 4
const mostSentences = 1000

const languageNames = new Intl.DisplayNames("en", { type: "language" })

/** The English name of a language by its ISO 639 code; any other text is taken as a name. */
function languageName(code: string): string {
  return /^[a-z]{2,3}$/i.test(code) ? (languageNames.of(code) ?? code) : code
}

const sentencesOf = new Intl.Segmenter("en", { granularity: "sentence" })
const wordsOf = new Intl.Segmenter("en", { granularity: "word" })

/** When the text is at a place, in seconds to the millisecond. */
function timeAt({ text, seconds }: Said, place: number): number {
  // Only a scripted text may be empty.
  return text === "" ? 0 : Number(((seconds * place) / text.length).toFixed(3))
}

function timed(said: Said, { segment, index }: Intl.SegmentData): Part {
  return { start: timeAt(said, index), end: timeAt(said, index + segment.length), text: segment }
}

/** Returns the parts of a text: its sentences, which joined are the text, or what a scenario gives. */
function partsIn(said: Said): readonly Part[] {
  return said.parts ?? [...sentencesOf.segment(said.text)].map((data) => timed(said, data))
}

function segments(said: Said, temperature: number): TranscriptionSegment[] {
  return partsIn(said).map(({ start, end, text }, id) => {
    return {
      id,
      // Recordings are heard in windows of 30 seconds, of 100 frames each.
      seek: Math.floor(start / 30) * 3000,
      start,
      end,
      text,
      tokens: tokens(text).map((token) => digest(token)[0] % 50_000),
      temperature,
      avg_logprob: -0.25,
      compression_ratio: 1.2,
      no_speech_prob: 0.01,
    }
  })
}

function words(said: Said): TranscriptionWord[] {
  return said.parts ? said.parts.flatMap(wordsOfPart) : wordsIn(said, 0)
}

function wordsOfPart({ text, start, end }: Part): TranscriptionWord[] {
  return wordsIn({ text, seconds: Math.max(0, end - start) }, start)
}

/** Returns the words of a text that begins at a time. */
function wordsIn(said: Said, start: number): TranscriptionWord[] {
  const at = (seconds: number) => Number((start + seconds).toFixed(3))
  return [...wordsOf.segment(said.text)]
    .filter(({ isWordLike }) => isWordLike)
    .map((data) => {
      const { text: word, ...times } = timed(said, data)
      return { word, start: at(times.start), end: at(times.end) }
    })
}

/** The text as a file: as it is, or in the subtitles of SubRip or WebVTT, a sentence each. */
function written(said: Said, format: "text" | "srt" | "vtt"): GeneratedFile {
  const plain = "text/plain; charset=utf-8"
  if (format === "text") return { mediaType: plain, body: `${said.text}\n` }
  const cues = partsIn(said).map(({ start, end, text }, index) => {
    return format === "srt"
      ? `${index + 1}\n${clock(start, ",")} --> ${clock(end, ",")}\n${text.trim()}\n\n`
      : `${clock(start, ".")} --> ${clock(end, ".")}\n${escaped(text.trim())}\n\n`
  })
  return format === "srt"
    ? { mediaType: plain, body: cues.join("") }
    : { mediaType: "text/vtt; charset=utf-8", body: `WEBVTT\n\n${cues.join("")}` }
}

/** `01:02:03.004`, or with a comma. */
function clock(seconds: number, separator: "," | "."): string {
  // No recording lasts a day, and the first one began at midnight.
  const time = new Date(Math.round(seconds * 1000)).toISOString().slice(11, 23)
  return time.replace(".", separator)
}

/** As WebVTT has it in cues (section 4.2.2): neither a tag nor an arrow. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
