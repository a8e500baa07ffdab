import { registerFlacEncoder } from "@mediabunny/flac-encoder"
import type { SpeechRequest } from "@nexhina/schemas"
import {
  AdtsOutputFormat,
  AudioSample,
  AudioSampleSource,
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  FlacOutputFormat,
  Mp3OutputFormat,
  OggOutputFormat,
  Output,
  type OutputFormat,
  WavOutputFormat,
} from "mediabunny"
import type { Pause } from "../lane.ts"
import { aac, mp3, opus } from "./frames.ts"
import { repeatable } from "./ogg.ts"
import { ownSpeech } from "./own-speech.ts"
import { type Speech, sampleRate, samples, syllableSeconds } from "./voice.ts"

registerFlacEncoder()

export type AudioFormat = NonNullable<SpeechRequest["response_format"]>

/** The media type of each format. */
export const audioTypes = {
  mp3: "audio/mpeg",
  opus: "audio/ogg",
  aac: "audio/aac",
  flac: "audio/flac",
  wav: "audio/wav",
  pcm: "audio/pcm",
} as const satisfies Record<AudioFormat, string>

/** Encodes a speech as a file. Its comment contains the spoken text, except in `pcm`, which has no metadata. */
export async function encodeSpeech(speech: Speech, format: AudioFormat, pause: Pause): Promise<Uint8Array> {
  const comment = ownSpeech + speech.text
  switch (format) {
    case "mp3":
      return write(new Mp3OutputFormat(), comment, joined(speech, mp3))
    case "aac":
      return write(new AdtsOutputFormat(), comment, joined(speech, aac))
    case "opus":
      return repeatable(await write(new OggOutputFormat(), comment, joined(speech, opus)))
    case "flac":
      return write(new FlacOutputFormat(), comment, sampled(speech, "flac", pause))
    case "wav":
      return write(new WavOutputFormat({ metadataFormat: "id3" }), comment, sampled(speech, "pcm-s16", pause))
    case "pcm":
      return new Uint8Array(samples(speech).buffer)
  }
}

/** A track and the function that fills it. */
interface Track {
  readonly source: EncodedAudioPacketSource | AudioSampleSource
  fill(): Promise<void>
}

async function write(format: OutputFormat, comment: string, { source, fill }: Track): Promise<Uint8Array> {
  const target = new BufferTarget()
  const output = new Output({ format, target })
  output.addAudioTrack(source)
  output.setMetadataTags({ comment })
  await output.start()
  await fill()
  await output.finalize()
  if (target.buffer === null) throw new Error("The speech was finished without a file")
  return new Uint8Array(target.buffer)
}

/** Encodes a speech with an audio encoder, second by second. */
function sampled(speech: Speech, codec: "flac" | "pcm-s16", pause: Pause): Track {
  const source = new AudioSampleSource({ codec })
  return {
    source,
    async fill() {
      const all = samples(speech)
      for (let start = 0; start < all.length; start += sampleRate) {
        const sample = new AudioSample({
          data: all.subarray(start, start + sampleRate),
          format: "s16",
          numberOfChannels: 1,
          sampleRate,
          timestamp: start / sampleRate,
        })
        await source.add(sample)
        sample.close()
        await pause()
      }
    },
  }
}

/** Assembles a speech from pre-encoded frames of its syllables. */
function joined(speech: Speech, { codec, codecString, description, ...frames }: typeof mp3): Track {
  const source = new EncodedAudioPacketSource(codec)
  const decoderConfig = {
    codec: codecString,
    numberOfChannels: 1,
    sampleRate: frames.sampleRate,
    ...(description !== undefined && { description: bytes(description) }),
  }
  return {
    source,
    async fill() {
      const syllables = frames.syllables.map((syllable) => syllable.map(bytes))
      const count = Math.ceil(speech.seconds / frames.seconds)
      for (let index = 0; index < count; index++) {
        const time = index * frames.seconds
        // A frame may begin at the very end of a syllable, and rounding may move that into the next one.
        const place = Math.min(Math.floor(time / syllableSeconds + 1e-9), speech.syllables.length - 1)
        const syllable = syllables[speech.syllables[place] ?? 0] ?? []
        const frame = syllable[Math.floor((time - place * syllableSeconds) / frames.seconds + 1e-9)]
        if (!frame) throw new Error(`No frame of ${codec} at ${time} seconds`)
        await source.add(new EncodedPacket(frame, "key", time, frames.seconds), { decoderConfig })
      }
    },
  }
}

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
