import {
  ADTS,
  CustomSource,
  FLAC,
  Input,
  type InputAudioTrack,
  Logging,
  LogLevel,
  MP3,
  MP4,
  OGG,
  WAVE,
  WEBM,
} from "mediabunny"
import { Refusal } from "../refusal.ts"
import { ownSpeech } from "./own-speech.ts"

/** What the contract names, and what the mock speaks. Not playlists, which name other files to fetch. */
const formats = [MP3, WAVE, FLAC, OGG, ADTS, MP4, WEBM]

/**
 * How often a file is looked into, at most (chosen): damage can lead a reader in circles, and the longest
 * recordings take half as many reads.
 */
const mostReads = 2 ** 18

/** No recording is shorter, as in OpenAI's API, or longer (chosen). */
const leastSeconds = 0.1
const mostSeconds = 24 * 60 * 60 - 1

// What is wrong with a file is told to the client who sent it.
Logging.level = LogLevel.Silent

/** What is known of a recording. */
interface Recording {
  /** To the millisecond. */
  readonly seconds: number
  /** What is said in it; undefined but for the mock's own speech. */
  readonly words?: string
}

/** Reads a file of any usual format. Throws a `Refusal` that names `file` when it is no recording. */
export async function readAudio(name: string, file: Uint8Array): Promise<Recording> {
  const unreadable = (why: string) =>
    new Refusal(400, {
      message:
        `The audio file '${name}' ${why}. ` +
        "Send a recording as flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav or webm.",
      param: "file",
      code: "invalid_audio",
    })
  if (file.length === 0) throw unreadable("is empty")
  let reads = 0
  const source = new CustomSource({
    getSize: () => file.length,
    // What comes from the cache is not counted.
    maxCacheSize: 0,
    read(start, end) {
      if (++reads > mostReads) throw new Error("its parts lead nowhere")
      return file.subarray(start, end)
    },
  })
  const input = new Input({ source, formats })
  try {
    if (!(await input.canRead())) throw unreadable("is in no format that the mock knows")
    const track = await input.getPrimaryAudioTrack()
    if (track === null) throw unreadable("has no sound that the mock can read")
    const exact = (await track.getDurationFromMetadata()) || (await measured(track))
    if (exact === undefined) throw unreadable("does not say how long it is")
    if (!(exact >= leastSeconds)) throw unreadable(`is shorter than ${leastSeconds} seconds`)
    if (exact > mostSeconds) throw unreadable("is longer than a day")
    const seconds = Number(exact.toFixed(3))
    const { comment } = await input.getMetadataTags()
    return { seconds, ...(comment?.startsWith(ownSpeech) && { words: comment.slice(ownSpeech.length) }) }
  } catch (error) {
    // Readers throw whatever a broken file leads them to.
    throw error instanceof Refusal ? error : unreadable(`is broken: ${(error as Error).message}`)
  } finally {
    input.dispose()
  }
}

/** How long a recording is whose head does not tell, as a stream's cannot. */
async function measured(track: InputAudioTrack): Promise<number | undefined> {
  // For a damaged first frame of FLAC the reader would look for ever.
  return (await track.input.getFormat()) === FLAC ? undefined : track.computeDuration()
}
