import type { EncodedPacket } from "mediabunny"
import type { Pause } from "../lane.ts"
import { clips } from "./clips.ts"
import { pixelsOf } from "./pixels.ts"

export interface Film {
  readonly size: FilmSize
  readonly frames: number
  /** Frames per second. */
  readonly fps: number
  /** Title in the file's metadata, so that films of the same length differ. */
  readonly title: string
}

type FilmSize = keyof typeof clips

/** The available sizes. */
export const filmSizes = Object.keys(clips) as FilmSize[]

/** Returns the available size with the nearest aspect ratio, then the nearest width. */
export function nearestFilmSize(width: number, height: number): FilmSize {
  const distance = (size: FilmSize) => {
    const own = pixelsOf(size)
    return Math.abs(Math.log((own.width * height) / (own.height * width))) + Math.abs(own.width - width) / 1e6
  }
  return filmSizes.reduce((nearest, size) => (distance(size) < distance(nearest) ? size : nearest))
}

/** Creates an MP4 file that repeats the twelve frames of a clip at the given frame rate. */
export async function makeFilm({ size, frames, fps, title }: Film, pause: Pause): Promise<Uint8Array> {
  const {
    BufferSource,
    BufferTarget,
    EncodedPacketSink,
    EncodedVideoPacketSource,
    Input,
    MP4,
    Mp4OutputFormat,
    Output,
  } = await import("mediabunny")
  const clip = new Input({ source: new BufferSource(bytesOf(clips[size])), formats: [MP4] })
  const track = await clip.getPrimaryVideoTrack()
  const decoderConfig = await track?.getDecoderConfig()
  if (!track?.codec || !decoderConfig) throw new Error(`The clip ${size} cannot be read`)
  const packets: EncodedPacket[] = []
  for await (const packet of new EncodedPacketSink(track).packets()) packets.push(packet)

  const target = new BufferTarget()
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: "in-memory" }), target })
  const source = new EncodedVideoPacketSource(track.codec)
  output.addVideoTrack(source, { frameRate: fps })
  output.setMetadataTags({ title })
  await output.start()
  for (let frame = 0; frame < frames; ) {
    for (const packet of packets.slice(0, frames - frame)) {
      await source.add(packet.clone({ timestamp: frame++ / fps, duration: 1 / fps }), { decoderConfig })
      await pause()
    }
  }
  await output.finalize()
  return timeless(new Uint8Array(target.buffer ?? []))
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0))
}

/** The boxes that contain the boxes with timestamps. */
const containers = new Set(["moov", "trak", "mdia"])
const dated = new Set(["mvhd", "tkhd", "mdhd"])

/** Sets the timestamps that the muxer writes to zero, so that files repeat (ISO/IEC 14496-12, section 8). */
function timeless(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer)
  const strip = (from: number, to: number): void => {
    for (let at = from; at < to; at += view.getUint32(at)) {
      const type = String.fromCharCode(...file.subarray(at + 4, at + 8))
      if (containers.has(type)) strip(at + 8, at + view.getUint32(at))
      // After size, type, version and flags: creation and modification time, longer in version 1.
      else if (dated.has(type)) file.fill(0, at + 12, at + 12 + (file[at + 8] === 1 ? 16 : 8))
    }
  }
  strip(0, file.length)
  return file
}
