import type { Frame } from "@nexhina/stream"
import type { StoredFrames } from "@nexhina/wire"
import { concatBytes } from "../request/concat-bytes.ts"

/** Frames by what differs from the previous one. */
interface PackedFrames {
  /** The middles of the frames: what is neither the start nor the end of the previous one. */
  readonly middles: Uint8Array
  /** For each frame: the lengths of its start, middle and end. */
  readonly lengths: Uint32Array
  /** For each frame: its time, or NaN. */
  readonly times: Float64Array
}

/**
 * Stores frames by what differs from the previous one: most events of a stream differ in a few bytes, and thousands of
 * streams may wait for their next frame.
 */
export function packFrames(frames: readonly Frame[]): StoredFrames {
  const packed = pack(frames)
  const byteLength = frames.reduce((sum, { bytes }) => sum + bytes.length, 0)
  return { byteLength, ...readerOf(packed) }
}

/** Returns the frames to read. A function of its own: a closure would keep the frames that it no longer needs. */
function readerOf(packed: PackedFrames): Iterable<Frame> {
  return { [Symbol.iterator]: () => unpack(packed) }
}

function pack(frames: readonly Frame[]): PackedFrames {
  const lengths = new Uint32Array(3 * frames.length)
  const times = new Float64Array(frames.length)
  const middles: Uint8Array[] = []
  let before = new Uint8Array()
  for (const [index, { bytes, atMs = Number.NaN }] of frames.entries()) {
    const most = Math.min(before.length, bytes.length)
    let start = 0
    while (start < most && before[start] === bytes[start]) start++
    let end = 0
    while (end < most - start && before[before.length - 1 - end] === bytes[bytes.length - 1 - end]) end++
    const middle = bytes.subarray(start, bytes.length - end)
    lengths.set([start, middle.length, end], 3 * index)
    times[index] = atMs
    middles.push(middle)
    before = bytes as Uint8Array<ArrayBuffer>
  }
  const length = middles.reduce((sum, { length }) => sum + length, 0)
  return { middles: concatBytes(middles, length), lengths, times }
}

function* unpack({ middles, lengths, times }: PackedFrames): Generator<Frame, void> {
  let before = new Uint8Array()
  let at = 0
  // Without iterators and views of the lengths: this runs for each token of each stream.
  for (let index = 0; index < times.length; index++) {
    const start = lengths[3 * index] ?? 0
    const middle = lengths[3 * index + 1] ?? 0
    const end = lengths[3 * index + 2] ?? 0
    const atMs = times[index] ?? Number.NaN
    const bytes = new Uint8Array(start + middle + end)
    bytes.set(before.subarray(0, start))
    bytes.set(middles.subarray(at, at + middle), start)
    bytes.set(before.subarray(before.length - end), start + middle)
    at += middle
    before = bytes
    yield Number.isNaN(atMs) ? { bytes } : { bytes, atMs }
  }
}
