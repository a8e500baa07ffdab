import type { ChatCompletionRequest, ChatCompletionResponse } from "@nexhina/schemas"
import type { AudioFormat } from "../../audio/encode-speech.ts"
import { type Digest, digest, digestText } from "../../content/random.ts"
import { Refusal } from "../../refusal.ts"

/** One reply speaks no more letters than this, as many as the speech endpoint takes (chosen). */
const mostLetters = 4096
/** For so long, in seconds, an audio reply can be referred to by its id (chosen; the mock forgets it at once). */
const keptFor = 3600

/** How a reply is to be spoken. */
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

/** How the request wants its reply to be spoken, if it does. Throws a `Refusal` for a format that is not known. */
export function voiceOf({ modalities, audio }: ChatCompletionRequest): Voice | undefined {
  if (!modalities?.includes("audio") || audio == null) return undefined
  const format = Object.hasOwn(formats, audio.format) ? formats[audio.format] : undefined
  if (format === undefined) {
    throw new Refusal(400, {
      message: `The mock does not speak in the format '${audio.format}'. It knows ${Object.keys(formats).join(", ")}.`,
      param: "audio.format",
      code: "invalid_value",
    })
  }
  return { format, voice: typeof audio.voice === "string" ? audio.voice : audio.voice.id }
}

/** The completion with its texts spoken: each content becomes the transcript of an audio that says it. */
export async function spoken(
  completion: ChatCompletionResponse,
  { format, voice }: Voice,
  seed: Digest,
): Promise<ChatCompletionResponse> {
  const letters = completion.choices.reduce((sum, { message }) => sum + (message.content?.length ?? 0), 0)
  if (letters > mostLetters) {
    throw new Refusal(400, {
      message: `The mock speaks no more than ${mostLetters} letters in one reply. Ask for fewer tokens or choices.`,
      param: "modalities",
    })
  }
  // Most mocks are never asked to speak.
  const { speak } = await import("../../audio/voice.ts")
  const { encodeSpeech } = await import("../../audio/encode-speech.ts")
  const choices = []
  for (const choice of completion.choices) {
    const { content } = choice.message
    if (!content) {
      choices.push(choice)
      continue
    }
    const file = await encodeSpeech(speak(content, 1, digest(voice, seed)), format)
    const audio = {
      id: `audio_${digestText(digest(`${choice.index} ${content}`, seed))}`,
      data: base64(file),
      expires_at: completion.created + keptFor,
      transcript: content,
    }
    const { logprobs: _, ...others } = choice
    choices.push({ ...others, message: { ...choice.message, content: null, audio } })
  }
  return { ...completion, choices }
}

function base64(bytes: Uint8Array): string {
  let binary = ""
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  }
  return btoa(binary)
}
