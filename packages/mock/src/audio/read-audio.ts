import type { Worker } from "node:worker_threads"
import { createLane } from "../lane.ts"
import { limits } from "../limits.ts"
import { Refusal } from "../refusal.ts"
import { fileBytes } from "../request/file-bytes.ts"
import { ownSpeech } from "./own-speech.ts"
import type { read } from "./reader.js"

/** Minimum length as in OpenAI's API, and maximum length (chosen). */
const minSeconds = 0.1
const maxSeconds = limits.audioSeconds.max

/** The facts that the mock reads from a recording. */
export interface RecordingFacts {
  /** Rounded to the millisecond. */
  readonly seconds: number
  /** The spoken text. Only known for speech that the mock generated. */
  readonly words?: string
}

/** Reads audio files: small ones one after another, and large ones one after another. */
export interface AudioReader {
  /**
   * Reads a file in any supported format. Rejects with a `Refusal` that names `file` when it is not a recording, and
   * with the signal's reason when the signal aborts.
   */
  read(file: File, signal?: AbortSignal): Promise<RecordingFacts>
  /** Stops the reader's threads. */
  close(): Promise<void>
}

/** Size up to which a file is small, in bytes: the largest that takes about a second at worst (chosen). */
const smallFile = 2 ** 20

/** Creates a reader. Its threads start with the first file of their size. */
export function createAudioReader(): AudioReader {
  // A large damaged file takes seconds, in which small ones are read.
  const [small, large] = [createThread(), createThread()]
  return {
    read: (file, signal) =>
      toRecording(file, () => (file.size <= smallFile ? small : large).read(file, signal)),
    async close() {
      await Promise.all([small.stop(), large.stop()])
    },
  }
}

interface ReaderThread {
  read(file: File, signal: AbortSignal | undefined): Promise<ReaderResult>
  stop(): Promise<void>
}

/** Creates a thread that reads files one after another. It starts with the first file. */
function createThread(): ReaderThread {
  let thread: Worker | undefined
  const lane = createLane()

  async function stop(): Promise<void> {
    const stopped = thread
    thread = undefined
    await stopped?.terminate()
  }
  /** Reads in a separate thread, because only a thread can be stopped when a damaged file causes an endless loop. */
  function readApart(file: File, signal: AbortSignal | undefined): Promise<ReaderResult> {
    // Looked up at run time, so that bundlers for browsers do not see a module of node's.
    const threads = globalThis.process?.getBuiltinModule("node:worker_threads")
    return lane.of({ signal }).run(async () => {
      // Only now: a file that waits for its turn is not there twice.
      const bytes = await fileBytes(file)
      if (threads === undefined) return readHere(bytes)
      thread ??= startThread(threads)
      const result = await resultOf(thread, bytes, signal)
      if (result === undefined) await stop()
      signal?.throwIfAborted()
      return (
        result ?? {
          fault: `takes more than ${maxTime / 1000} seconds, or ${maxMemory} MiB of memory, to read`,
        }
      )
    })
  }
  return { read: readApart, stop }
}

function startThread({ Worker }: typeof import("node:worker_threads")): Worker {
  const thread = new Worker(new URL("./reader.js", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: maxMemory, maxYoungGenerationSizeMb: maxYoungMemory },
  })
  // A thread that is being stopped may still run out of memory. Nothing waits for it, and the process must go on.
  return thread.on("error", () => {})
}

async function toRecording(
  { name, size }: File,
  readApart: () => Promise<ReaderResult>,
): Promise<RecordingFacts> {
  const unreadable = (why: string) =>
    new Refusal(400, {
      message:
        `The audio file '${name}' ${why}. ` +
        "Send a recording as flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav or webm.",
      param: "file",
      code: "invalid_audio",
    })
  if (size === 0) throw unreadable("is empty")
  const result = await readApart()
  if ("fault" in result) throw unreadable(`cannot be read: it ${result.fault}`)
  const { seconds, comment } = result
  if (!(seconds >= minSeconds)) throw unreadable(`is shorter than ${minSeconds} seconds`)
  if (seconds > maxSeconds) throw unreadable("is longer than a day")
  return {
    seconds: Number(seconds.toFixed(3)),
    ...(comment?.startsWith(ownSpeech) && { words: comment.slice(ownSpeech.length) }),
  }
}

/** The result of reading a file. */
type ReaderResult = Awaited<ReturnType<typeof read>> | { readonly fault: string }

const maxTime = limits.audioRead.max
const maxMemory = limits.audioMemory.max
/** Maximum memory of what a thread has just allocated, in MiB (chosen): by node's own limit, 48 MiB would come on top. */
const maxYoungMemory = 6

/**
 * Returns the result of a thread; undefined when it fails or times out, or when the signal aborts. The thread keeps the
 * process alive only while it reads.
 */
function resultOf(
  thread: Worker,
  file: Uint8Array<ArrayBuffer>,
  signal: AbortSignal | undefined,
): Promise<ReaderResult | undefined> {
  return new Promise((resolve) => {
    const end = (result?: ReaderResult) => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", fail)
      thread.off("message", end).off("error", fail).off("exit", fail).unref()
      resolve(result)
    }
    const fail = () => end()
    const timer = setTimeout(fail, maxTime)
    signal?.addEventListener("abort", fail)
    thread.on("message", end).on("error", fail).on("exit", fail).ref()
    // Handed over, not copied.
    thread.postMessage(file, [file.buffer])
  })
}

async function readHere(file: Uint8Array): Promise<ReaderResult> {
  const { read } = await import("./reader.js")
  return read(file).catch((error: Error) => ({ fault: error.message }))
}
