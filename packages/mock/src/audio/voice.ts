import { type Digest, digest } from "../content/random.ts"
import { limits } from "../limits.ts"

/** Sample rate of speech, in Hz, mono. Source: `pcm` in OpenAI's API reference. */
export const sampleRate = 24000
/** Length of a syllable, in seconds. */
export const syllableSeconds = 0.24

/** At speed 1 (chosen: about what people say). */
const lettersPerSecond = 15
/** Minimum and maximum length of speech in seconds (chosen: at speed 1 the longest text takes 273 seconds). */
const leastSeconds = 0.3
const mostSeconds = limits.speechSeconds.max

/** Speech before it is encoded: indexes into `syllables`, one for each `syllableSeconds`. */
export interface Speech {
  readonly text: string
  readonly seconds: number
  readonly syllables: Uint8Array
}

/** Synthesizes a text as tones for letters and silence between words. Text and voice determine the tones. */
export function speak(text: string, speed: number, voice: Digest): Speech {
  const letters = [...text]
  const pace = lettersPerSecond * speed
  const seconds = Math.min(Math.max(letters.length / pace, leastSeconds), mostSeconds)
  return {
    text,
    seconds,
    syllables: Uint8Array.from({ length: Math.ceil(seconds / syllableSeconds) }, (_, index) => {
      const letter = letters[Math.floor(index * syllableSeconds * pace)] ?? ""
      return /[\p{L}\p{N}]/u.test(letter) ? 1 + (digest(letter, voice)[0] % (syllables.length - 1)) : 0
    }),
  }
}

/** Returns the samples of a speech, as 16-bit integers. */
export function samples(speech: Speech): Int16Array<ArrayBuffer> {
  const all = new Int16Array(Math.round(speech.seconds * sampleRate))
  speech.syllables.forEach((place, index) => {
    const start = index * syllableSamples
    all.set(syllables[place]?.subarray(0, all.length - start) ?? [], start)
  })
  return all
}

const syllableSamples = syllableSeconds * sampleRate
const vowels = [
  [730, 1090],
  [530, 1840],
  [270, 2290],
  [570, 840],
  [300, 870],
] as const

/**
 * The samples of silence and of seven sung vowels that rise from A to A, each `syllableSeconds` long.
 *
 * @public `speech-frames.js` encodes them.
 */
export const syllables: readonly Int16Array[] = [
  new Int16Array(syllableSamples),
  ...[0, 2, 4, 5, 7, 9, 12].map((semitones, index) => sung(110 * 2 ** (semitones / 12), index)),
]

/** Returns the samples of a vowel: a tone with overtones near the vowel's two formants, faded in and out. */
function sung(pitch: number, vowel: number): Int16Array {
  const formants = vowels[vowel % vowels.length] ?? []
  const loudness = Array.from({ length: 16 }, (_, overtone) =>
    formants.reduce((sum, formant) => sum + 1 / (1 + ((pitch * (overtone + 1) - formant) / 90) ** 2), 0.04),
  )
  const loudest = loudness.reduce((sum, part) => sum + part)
  return Int16Array.from({ length: syllableSamples }, (_, at) => {
    const angle = (2 * Math.PI * pitch * at) / sampleRate
    const tone = loudness.reduce((sum, part, overtone) => sum + part * Math.sin(angle * (overtone + 1)), 0)
    return (16000 * Math.sin((Math.PI * at) / syllableSamples) * tone) / loudest
  })
}
