import type { EncodedPacket } from "mediabunny"
import { clips } from "./clips.ts"
import { pixelsOf } from "./pixels.ts"

export interface Film {
  readonly size: FilmSize
  readonly frames: number
  /** Frames per second. */
  readonly fps: number
  /** Written into the file, so that films of the same length can be told apart. */
  readonly title: string
}

type FilmSize = keyof typeof clips

/** The sizes in which there are films. */
export const filmSizes = Object.keys(clips) as FilmSize[]

/** Of the sizes in which there are films, the one of the nearest proportions, then of the nearest width. */
export function nearestFilmSize(width: number, height: number): FilmSize {
  const distance = (size: FilmSize) => {
    const own = pixelsOf(size)
    return Math.abs(Math.log((own.width * height) / (own.height * width))) + Math.abs(own.width - width) / 1e6
  }
  return filmSizes.reduce((nearest, size) => (distance(size) < distance(nearest) ? size : nearest))
}

/** An MP4 file in which the twelve frames of a clip are repeated as often as it takes, at the pace asked for. */
export async function makeFilm({ size, frames, fps, title }: Film): Promise<Uint8Array> {
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
    }
  }
  await output.finalize()
  return timeless(new Uint8Array(target.buffer ?? []))
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0))
}

/** The boxes of a file that hold others on the way to those that say when it was made. */
const containers = new Set(["moov", "trak", "mdia"])
const dated = new Set(["mvhd", "tkhd", "mdhd"])

/** The MP4 file without the times at which it was made, which the muxer writes (ISO/IEC 14496-12, section 8). */
function timeless(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer)
  const strip = (from: number, to: number): void => {
    for (let at = from; at < to; at += view.getUint32(at)) {
      const type = String.fromCharCode(...file.subarray(at + 4, at + 8))
      if (containers.has(type)) strip(at + 8, at + view.getUint32(at))
      // Size, type, version and flags, then the times of creation and of change, longer in version 1.
      else if (dated.has(type)) file.fill(0, at + 12, at + 12 + (file[at + 8] === 1 ? 16 : 8))
    }
  }
  strip(0, file.length)
  return file
}
