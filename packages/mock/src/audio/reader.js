// @ts-check
// JavaScript, because a thread starts from a file and Node 20 runs no TypeScript.
import { ADTS, BufferSource, FLAC, Input, Logging, LogLevel, MP3, MP4, OGG, WAVE, WEBM } from "mediabunny"

/** The formats of the contract and of the mock's own speech. Not playlists, which refer to other files. */
const formats = [MP3, WAVE, FLAC, OGG, ADTS, MP4, WEBM]

// Faults of a file are reported to the client that sent it.
Logging.level = LogLevel.Silent

/**
 * Reads the length of a recording, in seconds, and the comment in its metadata. Rejects for damaged files; some damage
 * causes an endless loop instead.
 *
 * @param {Uint8Array} file
 * @returns {Promise<{ readonly seconds: number, readonly comment?: string | undefined }>}
 */
export async function read(file) {
  const input = new Input({ source: new BufferSource(file), formats })
  try {
    if (!(await input.canRead())) throw new Error("is in no format that the mock knows")
    const track = await input.getPrimaryAudioTrack()
    if (track === null) throw new Error("has no sound that the mock can read")
    // The header of a live stream does not contain the length.
    const seconds = (await track.getDurationFromMetadata()) || (await track.computeDuration())
    const { comment } = await input.getMetadataTags()
    return { seconds, comment }
  } finally {
    input.dispose()
  }
}

const port = globalThis.process?.getBuiltinModule("node:worker_threads").parentPort
port?.on("message", (file) => {
  read(file).then(
    (found) => port.postMessage(found),
    (error) => port.postMessage({ fault: error.message }),
  )
})
