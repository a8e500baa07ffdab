import type { ChatCompletionRequest } from "@nexhina/schemas"
import type { AudioFormat } from "../../audio/encode-speech.ts"
import { digest, digestText } from "../../content/random.ts"
import type { Lane } from "../../lane.ts"
import { Refusal } from "../../refusal.ts"
import { type CompletionFrame, type SpokenChoice, textOf } from "./dress.ts"

/** The maximum number of characters that one reply speaks, as many as the speech endpoint accepts (chosen). */
const maxCharacters = 4096
/** Seconds until an audio reply expires (chosen; the mock does not keep it). */
const audioLifetime = 3600

/** The voice and the file format of an audio reply. */
interface Voice {
  readonly format: AudioFormat
  readonly voice: string
}

const formats: Readonly<Record<string, AudioFormat>> = {
  wav: "wav",
  aac: "aac",
  mp3: "mp3",
  flac: "flac",
  opus: "opus",
  pcm16: "pcm",
}

/** Returns the voice and format when the request asks for audio. Throws a `Refusal` for an unsupported format. */
export function voiceOf({ modalities, audio }: ChatCompletionRequest): Voice | undefined {
  if (!modalities?.includes("audio") || audio == null) return undefined
  const format = Object.hasOwn(formats, audio.format) ? formats[audio.format] : undefined
  if (format === undefined) {
    throw new Refusal(400, {
      message: `Unsupported audio format '${audio.format}'. Use one of ${Object.keys(formats).join(", ")}.`,
      param: "audio.format",
      code: "invalid_value",
    })
  }
  return { format, voice: typeof audio.voice === "string" ? audio.voice : audio.voice.id }
}

/** Returns the choices with an audio of each text; the text is its transcript. Throws a `Refusal` for long texts. */
export async function withAudio(
  choices: readonly SpokenChoice[],
  { format, voice }: Voice,
  { created, seed }: Pick<CompletionFrame, "created" | "seed">,
  lane: Lane,
): Promise<readonly SpokenChoice[]> {
  const texts = choices.map(({ delivery }) => textOf(delivery.segments))
  if (texts.reduce((sum, { length }) => sum + length, 0) > maxCharacters) {
    throw new Refusal(400, {
      message: `The mock speaks at most ${maxCharacters} characters in one reply. Ask for fewer tokens or choices.`,
      param: "modalities",
    })
  }
  // Loaded on demand: most mocks are never asked for audio.
  const { speak } = await import("../../audio/voice.ts")
  const { encodeSpeech } = await import("../../audio/encode-speech.ts")
  const spoken: SpokenChoice[] = []
  for (const [index, choice] of choices.entries()) {
    const transcript = texts[index]
    if (!transcript) {
      spoken.push(choice)
      continue
    }
    const speech = speak(transcript, 1, digest(voice, seed))
    const file = await lane.run((pause) => encodeSpeech(speech, format, pause))
    const audio = {
      id: `audio_${digestText(digest(`${index} ${transcript}`, seed))}`,
      data: base64(file),
      expires_at: created + audioLifetime,
      transcript,
    }
    spoken.push({ ...choice, audio })
  }
  return spoken
}

function base64(bytes: Uint8Array): string {
  let binary = ""
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  }
  return btoa(binary)
}
