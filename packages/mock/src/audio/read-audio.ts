import {
  ADTS,
  BlobSource,
  FLAC,
  Input,
  Logging,
  LogLevel,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  WAVE,
  WEBM,
} from "mediabunny"
import { Refusal } from "../refusal.ts"
import { ownSpeech } from "./own-speech.ts"

/** All that can be read but playlists, which name other files to fetch. */
const formats = [MP3, WAVE, FLAC, OGG, ADTS, MP4, QTFF, WEBM, MATROSKA, MPEG_TS]

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
export async function readAudio(file: File): Promise<Recording> {
  if (file.size === 0) throw unreadable(file, "is empty")
  const input = new Input({ source: new BlobSource(file), formats })
  try {
    if (!(await input.canRead())) throw unreadable(file, "is in no format that the mock knows")
    const track = await input.getPrimaryAudioTrack()
    if (track === null) throw unreadable(file, "has no sound that the mock can read")
    // What a stream's encoder could not yet know is 0 or missing in its head.
    const exact = (await track.getDurationFromMetadata()) || (await track.computeDuration())
    if (!(exact >= leastSeconds)) throw unreadable(file, `is shorter than ${leastSeconds} seconds`)
    if (exact > mostSeconds) throw unreadable(file, "is longer than a day")
    const seconds = Number(exact.toFixed(3))
    const { comment } = await input.getMetadataTags()
    return { seconds, ...(comment?.startsWith(ownSpeech) && { words: comment.slice(ownSpeech.length) }) }
  } catch (error) {
    // Readers throw whatever a broken file leads them to.
    throw error instanceof Refusal ? error : unreadable(file, `is broken: ${(error as Error).message}`)
  } finally {
    input.dispose()
  }
}

function unreadable({ name }: File, why: string): Refusal {
  return new Refusal(400, {
    message:
      `The audio file '${name}' ${why}. ` +
      "Send a recording as flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav or webm.",
    param: "file",
    code: "invalid_audio",
  })
}
