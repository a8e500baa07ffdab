import type { Frame } from "@nexhina/stream"
import type { StoredFrames } from "@nexhina/wire"

/*
 * Frames are stored one after the other: a byte of flags, the length of the middle, the lengths of start and end and the
 * time unless a flag stands for them, and the middle: what is neither the start nor the end of the previous frame.
 */

/** Flag: the start is as long as that of the previous frame. */
const sameStart = 1
/** Flag: the end is as long as that of the previous frame. */
const sameEnd = 2
/** Flag: as much time lies between this frame and the previous one as before that one. */
const sameStep = 4
/** Flag: the frame has no time. */
const untimed = 8

/** Bytes of the largest length, in groups of seven bits. */
const lengthBytes = 5
const timeBytes = 8

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
function readerOf(packed: Uint8Array): Iterable<Frame> {
  return { [Symbol.iterator]: () => unpack(packed) }
}

/** Returns how many bytes two frames have in common at the start, and of the rest at the end. */
function shared(before: Uint8Array, bytes: Uint8Array): { readonly start: number; readonly end: number } {
  const most = Math.min(before.length, bytes.length)
  let start = 0
  while (start < most && before[start] === bytes[start]) start++
  let end = 0
  while (end < most - start && before[before.length - 1 - end] === bytes[bytes.length - 1 - end]) end++
  return { start, end }
}

function pack(frames: readonly Frame[]): Uint8Array {
  const most = frames.reduce((sum, { bytes }) => sum + 1 + 3 * lengthBytes + timeBytes + bytes.length, 0)
  const space = new Uint8Array(most)
  const view = new DataView(space.buffer)
  let at = 0
  const putLength = (length: number) => {
    let left = length
    for (; left > 127; left >>>= 7) space[at++] = (left & 127) | 128
    space[at++] = left
  }
  let before: Uint8Array = new Uint8Array()
  let last = { start: 0, end: 0, atMs: 0, step: 0 }
  for (const { bytes, atMs } of frames) {
    const { start, end } = shared(before, bytes)
    // Compared as it will be added: sums of fractions are not exact.
    const isSameStep = atMs !== undefined && Object.is(last.atMs + last.step, atMs)
    const isStored = atMs !== undefined && !isSameStep
    space[at++] =
      (start === last.start ? sameStart : 0) |
      (end === last.end ? sameEnd : 0) |
      (isSameStep ? sameStep : 0) |
      (atMs === undefined ? untimed : 0)
    putLength(bytes.length - start - end)
    if (start !== last.start) putLength(start)
    if (end !== last.end) putLength(end)
    if (isStored) {
      view.setFloat64(at, atMs)
      at += timeBytes
    }
    space.set(bytes.subarray(start, bytes.length - end), at)
    at += bytes.length - start - end
    const step = isStored ? atMs - last.atMs : last.step
    last = { start, end, atMs: atMs ?? last.atMs, step }
    before = bytes
  }
  return space.slice(0, at)
}

function* unpack(packed: Uint8Array): Generator<Frame, void> {
  const view = new DataView(packed.buffer)
  let at = 0
  const takeLength = () => {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = packed[at++] ?? 0
      length |= (byte & 127) << shift
      if (byte < 128) return length
    }
  }
  let before = new Uint8Array()
  let [start, end, time, step] = [0, 0, 0, 0]
  while (at < packed.length) {
    const flags = packed[at++] ?? 0
    const middle = takeLength()
    if (!(flags & sameStart)) start = takeLength()
    if (!(flags & sameEnd)) end = takeLength()
    if (flags & sameStep) time += step
    else if (!(flags & untimed)) {
      step = view.getFloat64(at) - time
      time = view.getFloat64(at)
      at += timeBytes
    }
    const bytes = new Uint8Array(start + middle + end)
    bytes.set(before.subarray(0, start))
    bytes.set(packed.subarray(at, at + middle), start)
    bytes.set(before.subarray(before.length - end), start + middle)
    at += middle
    before = bytes
    yield flags & untimed ? { bytes } : { bytes, atMs: time }
  }
}
