// Writes packages/mock/src/audio/frames.ts: the mock's syllables as an encoder makes them. Node has no encoder for
// these codecs, and a frame of each can be sent in any order. Needs ffmpeg and a build; run it after a change of
// the voice: node packages/mock/scripts/speech-frames.js
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from "mediabunny"
import { sampleRate, syllables } from "../dist/audio/voice.js"

/** `frame` is in samples of the voice; an encoder puts `delay` frames before what it was given. */
const encoders = {
  mp3: {
    codec: "mp3",
    frame: 576,
    delay: 2,
    options: "-c:a libmp3lame -b:a 24k -reservoir 0 -write_xing 0 -id3v2_version 0 -f mp3",
  },
  aac: { codec: "aac", frame: 1024, delay: 1, options: "-c:a aac -b:a 24k -f adts" },
  opus: {
    codec: "opus",
    frame: 1440,
    delay: 0,
    options: "-c:a libopus -application lowdelay -frame_duration 60 -vbr off -b:a 16k -f ogg",
  },
}

const ffmpeg = `ffmpeg -v error -f s16le -ar ${sampleRate} -ac 1 -i pipe:0 -bitexact`

async function encoded({ codec, frame, delay, options }) {
  const length = Math.ceil(syllables[0].length / frame)
  // Silence around each syllable keeps its neighbours out of its frames.
  const period = length + 4
  const samples = new Int16Array((syllables.length + 1) * period * frame)
  syllables.forEach((syllable, index) => {
    samples.set(syllable, index * period * frame)
  })
  const [command, ...args] = `${ffmpeg} ${options} pipe:1`.split(" ")
  const file = execFileSync(command, args, { input: new Uint8Array(samples.buffer) })
  const track = await new Input({
    source: new BufferSource(file),
    formats: ALL_FORMATS,
  }).getPrimaryAudioTrack()
  const packets = []
  for await (const { data } of new EncodedPacketSink(track).packets()) {
    packets.push(Buffer.from(data).toString("base64"))
  }
  const { codec: codecString, description } = await track.getDecoderConfig()
  return {
    codec,
    codecString,
    sampleRate: await track.getSampleRate(),
    ...(description && { description: Buffer.from(description).toString("base64") }),
    seconds: frame / sampleRate,
    syllables: syllables.map((_, index) => packets.slice(delay + index * period).slice(0, length)),
  }
}

const version = /version (\S+)/.exec(execFileSync("ffmpeg", ["-version"], { encoding: "utf8" }))[1]
const entries = await Promise.all(
  Object.entries(encoders).map(
    async ([name, encoder]) =>
      `/** \`${ffmpeg} ${encoder.options} pipe:1\` */\nexport const ${name}: Frames = ${JSON.stringify(await encoded(encoder), null, 2)}`,
  ),
)
writeFileSync(
  new URL("../src/audio/frames.ts", import.meta.url),
  `// Made by packages/mock/scripts/speech-frames.js with ffmpeg ${version}; the sounds are the mock's own.

/** The voice's syllables in frames of one codec, of one channel. */
interface Frames {
  readonly codec: "mp3" | "aac" | "opus"
  /** The codec as WebCodecs names it. */
  readonly codecString: string
  readonly sampleRate: number
  /** What a decoder must know besides, in base64. */
  readonly description?: string
  /** How long one frame lasts. */
  readonly seconds: number
  /** In base64. */
  readonly syllables: readonly (readonly string[])[]
}

${entries.join("\n\n")}
`,
)
