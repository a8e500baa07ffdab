import threads, { type Worker } from "node:worker_threads"
import { afterEach, expect, test, vi } from "vitest"
import { limits } from "../limits.ts"
import { createAudioReader } from "./read-audio.ts"

afterEach(() => vi.restoreAllMocks())

/** A file that the reader takes for audio, and reads for seconds. */
const garbage = Uint8Array.from(
  { length: 2e6 },
  (_, at) => [0xff, 0xf1, 0x50, 0x80, 0, 0xff, 0xfc][at % 7] ?? 0,
)

test("a thread that fails while it is stopped does not end the process", async () => {
  const started: Worker[] = []
  const { Worker: Original } = threads
  vi.spyOn(threads, "Worker").mockImplementation(function start(...args) {
    const thread = new Original(...args)
    started.push(thread)
    return thread
  })
  const reader = createAudioReader()
  const client = new AbortController()
  const reading = reader.read(new File([garbage], "a.aac"), client.signal)
  await vi.waitFor(() => expect(started).toHaveLength(1))
  client.abort(new Error("gone"))
  // Throws when nobody listens, which would end the process.
  started[0]?.emit("error", new Error("Worker terminated due to reaching memory limit"))
  await expect(reading).rejects.toThrow("gone")
  await reader.close()
})

test("the memory of a thread suffices for a body full of frames, which are what takes memory", async () => {
  // A frame of 184 bytes, 44.1 kHz (ISO/IEC 13818-7, section 6.2).
  const header = [0xff, 0xf1, 0x50, 0x80, 184 >> 3, 0x1f, 0xfc]
  const frames = Math.floor(limits.bodyBytes.max / 184)
  const bytes = new Uint8Array(184 * frames)
  for (let frame = 0; frame < frames; frame++) bytes.set(header, 184 * frame)
  const reader = createAudioReader()
  const read = await reader.read(new File([bytes], "a.aac"))
  await reader.close()
  expect(read).toEqual({ seconds: Number(((frames * 1024) / 44_100).toFixed(3)) })
})
