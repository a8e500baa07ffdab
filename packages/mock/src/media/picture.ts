import { type Digest, random } from "../content/random.ts"

/** An image with a palette: each pixel is an index into it. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** Palette indexes, row by row from the top. */
  readonly pixels: Uint8Array
  /** Red, green, blue and alpha, each from 0 to 255. Only the first colour may be transparent. */
  readonly palette: readonly (readonly [number, number, number, number])[]
}

type Colour = Picture["palette"][number]

/** Number of stripes in the sky. Flat colours are fast to draw and compress. */
const stripes = 16

/**
 * Draws the usual image placeholder: a sun and two mountains in front of a sky. The seed determines positions, in
 * proportion to the size, and colours. A transparent picture has no sky.
 */
export function drawPicture(seed: Digest, width: number, height: number, transparent: boolean): Picture {
  const { fraction } = random(seed)
  const hue = 360 * fraction()
  const [zenith, horizon] = [colour(hue, 0.55, 0.45), colour(hue + 40, 0.6, 0.85)]
  const palette: Colour[] = [
    transparent ? [0, 0, 0, 0] : zenith,
    ...Array.from({ length: stripes }, (_, stripe) => between(zenith, horizon, stripe / (stripes - 1))),
    colour(hue + 180, 0.9, 0.7),
    colour(hue + 60, 0.25, 0.45),
    colour(hue + 60, 0.3, 0.3),
  ]
  const [sun, far, near] = [stripes + 1, stripes + 2, stripes + 3]

  const side = Math.min(width, height)
  const [sunX, sunY] = [(0.15 + 0.7 * fraction()) * width, (0.2 + 0.2 * fraction()) * height]
  const radius = (0.08 + 0.06 * fraction()) * side
  const farTops = tops(width, height, 0.2 + 0.3 * fraction(), 0.4 + 0.1 * fraction())
  const nearTops = tops(width, height, 0.6 + 0.3 * fraction(), 0.55 + 0.1 * fraction())

  const pixels = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    const row = y * width
    pixels.fill(transparent ? 0 : 1 + Math.floor((stripes * y) / height), row, row + width)
    const half = Math.sqrt(radius ** 2 - (y + 0.5 - sunY) ** 2)
    if (half > 0) pixels.fill(sun, row + Math.round(sunX - half), row + Math.round(sunX + half))
    for (let x = 0; x < width; x++) {
      if (y >= (nearTops[x] ?? height)) pixels[row + x] = near
      else if (y >= (farTops[x] ?? height)) pixels[row + x] = far
    }
  }
  return { width, height, pixels, palette }
}

/** Returns the top row of a mountain for each column. The peak is given as fractions of width and height. */
function tops(width: number, height: number, peakX: number, peakY: number): Float64Array {
  const slope = 0.6 * Math.max(width, height)
  return Float64Array.from({ length: width }, (_, x) => height * peakY + Math.abs(x / width - peakX) * slope)
}

function between(from: Colour, to: Colour, share: number): Colour {
  const mixed = (channel: 0 | 1 | 2) => Math.round(from[channel] + (to[channel] - from[channel]) * share)
  return [mixed(0), mixed(1), mixed(2), 255]
}

/** Converts hue (in degrees), saturation and lightness to a colour (CSS Color 4, section 7.1). */
function colour(hue: number, saturation: number, lightness: number): Colour {
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12
    const shade = saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1))
    return Math.round(255 * (lightness - shade))
  }
  return [channel(0), channel(8), channel(4), 255]
}
