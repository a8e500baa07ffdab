import type { Worker } from "node:worker_threads"
import { Refusal } from "../refusal.ts"
import { ownSpeech } from "./own-speech.ts"
import type { read } from "./reader.js"

/** No recording is shorter, as in OpenAI's API, or longer (chosen). */
const leastSeconds = 0.1
const mostSeconds = 24 * 60 * 60 - 1

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
  const found = await readApart(file)
  if ("fault" in found) throw unreadable(`cannot be read: it ${found.fault}`)
  const { seconds, comment } = found
  if (!(seconds >= leastSeconds)) throw unreadable(`is shorter than ${leastSeconds} seconds`)
  if (seconds > mostSeconds) throw unreadable("is longer than a day")
  return {
    seconds: Number(seconds.toFixed(3)),
    ...(comment?.startsWith(ownSpeech) && { words: comment.slice(ownSpeech.length) }),
  }
}

/** What the reader tells of a file. */
type Found = Awaited<ReturnType<typeof read>> | { readonly fault: string }

/** How long, in milliseconds, and in how much memory, in MiB, one file is read (chosen). */
const mostTime = 10_000
const mostMemory = 256

/** The thread that reads, once there is one, and the end of what it has to read. */
let thread: Worker | undefined
let turn: Promise<unknown> = Promise.resolve()

/** Reads in a thread of its own, one file after another: only a thread can be stopped that a file leads in circles. */
function readApart(file: Uint8Array): Promise<Found> {
  // Asked for at run time, so that bundlers for browsers see no module of node's.
  const threads = globalThis.process?.getBuiltinModule("node:worker_threads")
  const reading = turn.then(async () => {
    if (threads === undefined) return readHere(file)
    thread ??= new threads.Worker(new URL("./reader.js", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: mostMemory },
    })
    const found = await answerOf(thread, file)
    if (found === undefined) {
      await thread.terminate()
      thread = undefined
    }
    return found ?? { fault: "leads its reader nowhere" }
  })
  turn = reading
  return reading
}

/** What a thread answers; undefined when it does not, or fails. Only while it reads, it keeps the process alive. */
function answerOf(thread: Worker, file: Uint8Array): Promise<Found | undefined> {
  return new Promise((resolve) => {
    const end = (found?: Found) => {
      clearTimeout(timer)
      thread.off("message", end).off("error", fail).unref()
      resolve(found)
    }
    const fail = () => end()
    const timer = setTimeout(fail, mostTime)
    thread.on("message", end).on("error", fail).ref()
    thread.postMessage(file)
  })
}

async function readHere(file: Uint8Array): Promise<Found> {
  const { read } = await import("./reader.js")
  return read(file).catch((error: Error) => ({ fault: error.message }))
}
