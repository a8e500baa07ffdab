import { word } from "../content/prose.ts"
import type { Random } from "../content/random.ts"

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.below(10)).join("")

const hex = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.below(16).toString(16)).join("")

const twoDigits = (number: number): string => String(number).padStart(2, "0")

const date = (random: Random): string =>
  `20${digits(random, 2)}-${twoDigits(1 + random.below(12))}-${twoDigits(1 + random.below(28))}`

/** Adds digits to the fraction of a second until the time is long enough. */
const time = (random: Random, { min }: Lengths): string => {
  const clock = `${twoDigits(random.below(24))}:${twoDigits(random.below(60))}:${twoDigits(random.below(60))}`
  const fraction = min > 9 ? `.${digits(random, Math.max(1, min - 10))}` : ""
  return `${clock}${fraction}Z`
}

/** Returns a word before a fixed end, with a length within the limits where possible. */
function name(random: Random, end: string, { min, max }: Lengths): string {
  let text = word(random)
  while (text.length + end.length < min) text += word(random)
  return text.slice(0, Math.max(1, max - end.length)) + end
}

/** Returns words with dots between them, each short enough for a label of a host name. */
function host(random: Random, { min, max }: Lengths): string {
  let text = max < 20 ? name(random, ".io", { min: 0, max }) : `${word(random)}.example.com`
  while (text.length < min) text = `${word(random)}.${text}`
  return text.slice(Math.max(0, text.length - max)).replace(/^\./, "a")
}

/** Limits of a text's length, in code points. */
export interface Lengths {
  readonly min: number
  readonly max: number
}

/** The formats of JSON Schema that real tools use. Other formats are annotations, which any text satisfies. */
export const formats: Readonly<Record<string, (random: Random, lengths: Lengths) => string>> = {
  date,
  time,
  "date-time": (random, { min, max }) => `${date(random)}T${time(random, { min: min - 11, max: max - 11 })}`,
  duration: (random, { min }) => `P${1 + random.below(9)}${digits(random, Math.max(0, min - 3))}D`,
  email: (random, { min, max }) =>
    max < 20
      ? name(random, "@a.io", { min: 0, max })
      : min > 70
        ? `${word(random)}@${host(random, { min: min - 6, max: max - 8 })}`
        : name(random, "@example.com", { min, max }),
  hostname: host,
  ipv4: (random, { min }) =>
    min > 11 ? `198.51.100.1${digits(random, 2).replace(/^[^0-4]/, "0")}` : `192.0.2.${random.below(256)}`,
  ipv6: (random, { min }) =>
    min > 15 ? `2001:db8${`:${hex(random, 4)}`.repeat(6)}` : `2001:db8::1${hex(random, 3)}`,
  uri: location,
  url: location,
  "uri-reference": (random, { min, max }) => `/${name(random, "", { min: min - 1, max: max - 1 })}`,
  uuid: (random) =>
    `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`,
}

function location(random: Random, { min, max }: Lengths): string {
  const start = max < 28 ? "http://a.io/" : "https://example.com/"
  return start + name(random, "", { min: min - start.length, max: max - start.length })
}
