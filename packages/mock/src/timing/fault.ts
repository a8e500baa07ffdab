import type { ReplyEnd } from "@nexhina/wire"

/** What a step delivers: a number of bytes or events, or one and a half of what follows is cut in. */
export type Amount =
  | { readonly unit: "bytes" | "events"; readonly count: number }
  | { readonly unit: "character" | "json" | "crlf" }

/** A step of a fault. Its amounts count from where the step before it ended. */
export type FaultStep =
  | { readonly does: "head" }
  | { readonly does: "deliver"; readonly amount: Amount }
  | { readonly does: "stall"; readonly ms: number }
  | { readonly does: "drip"; readonly bytes: number; readonly everyMs: number }
  | { readonly does: "end"; readonly end: Exclude<ReplyEnd, "complete"> }

/** A fault as an exact timeline. What no step mentions is delivered as without the fault. */
export interface Fault {
  readonly steps: readonly FaultStep[]
  /** Fraction of the requests that it applies to, from 0 to 1. */
  readonly rate: number
}

/** A form of a step, as it is written. */
export interface FaultStepForm {
  /** The form, with examples of its numbers. */
  readonly form: string
  readonly says: string
  readonly pattern: RegExp
  read(values: readonly string[]): FaultStep
}

const ms = String.raw`(\d+(?:\.\d+)?) ?(ms|s|m)`

/** The forms of a step. The parser and the documentation are derived from this list. */
export const faultSteps: readonly FaultStepForm[] = [
  {
    form: "head",
    says: "sends status and headers",
    pattern: /^head$/,
    read: () => ({ does: "head" }),
  },
  {
    form: "2 events",
    says: "delivers so many events of a stream; the rest of an event counts as one",
    pattern: /^(\d+) events?$/,
    read: ([count]) => ({ does: "deliver", amount: { unit: "events", count: Number(count) } }),
  },
  {
    form: "3 bytes",
    says: "delivers so many bytes of the body",
    pattern: /^(\d+) bytes?$/,
    read: ([count]) => ({ does: "deliver", amount: { unit: "bytes", count: Number(count) } }),
  },
  {
    form: "half a character",
    says: "delivers up to the middle of the next character of several bytes",
    pattern: /^half a character$/,
    read: () => ({ does: "deliver", amount: { unit: "character" } }),
  },
  {
    form: "half a json",
    says: "delivers up to the middle of the next JSON text: the body's, or an event's",
    pattern: /^half a json$/,
    read: () => ({ does: "deliver", amount: { unit: "json" } }),
  },
  {
    form: "half a crlf",
    says: "delivers up to the middle of the next CR LF of the body",
    pattern: /^half a crlf$/,
    read: () => ({ does: "deliver", amount: { unit: "crlf" } }),
  },
  {
    form: "stall 5s",
    says: "waits (`ms`, `s` or `m`); as the first step, before status and headers are sent",
    pattern: new RegExp(`^stall ${ms}$`),
    read: ([count, unit]) => ({ does: "stall", ms: toMs(count, unit) }),
  },
  {
    form: "drip 1 byte every 50ms",
    says: "delivers the rest in pieces; only an end may follow",
    pattern: new RegExp(`^drip (\\d+) bytes? every ${ms}$`),
    read: ([bytes, count, unit]) => ({ does: "drip", bytes: Number(bytes), everyMs: toMs(count, unit) }),
  },
  {
    form: "close",
    says: "closes the connection (FIN) where the reply is not complete; the last step",
    pattern: /^close$/,
    read: () => ({ does: "end", end: "early-close" }),
  },
  {
    form: "reset",
    says: "resets the connection (RST); the last step",
    pattern: /^reset$/,
    read: () => ({ does: "end", end: "reset" }),
  },
  {
    form: "hang",
    says: "sends nothing more and keeps the connection open; the last step",
    pattern: /^hang$/,
    read: () => ({ does: "end", end: "hang" }),
  },
]

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }
const toMs = (count = "", unit = "") => Number(count) * (unitMs[unit] ?? Number.NaN)

/** Limits of one fault: steps, characters, and milliseconds of all stalls or of one gap, a day (chosen). */
const maxSteps = 32
const maxLength = 1_000
const maxMs = 86_400_000
const maxCount = 2 ** 31

/**
 * Parses a fault such as `after 2 events: stall 5s; then 3 bytes; then reset`, with `@RATE` at its end for a fraction of
 * the requests. `after`, `then` and case do not matter. Throws a `TypeError` that names the step and what is expected.
 */
export function parseFault(text: string): Fault {
  if (text.length > maxLength) {
    throw new TypeError(`Invalid fault: it has more than ${maxLength} characters.`)
  }
  const [, timeline = text, rateText] = /^(.*)@([^@]*)$/s.exec(text) ?? []
  const rate = rateText === undefined ? 1 : Number(rateText.trim() || Number.NaN)
  if (!(rate >= 0 && rate <= 1)) {
    throw new TypeError(`Invalid fault: expected a rate from 0 to 1 after '@', but got '${rateText}'.`)
  }
  const parts = timeline.split(/[;:]/)
  if (parts.length > maxSteps) {
    throw new TypeError(`Invalid fault: it has ${parts.length} steps, at most ${maxSteps} are supported.`)
  }
  const steps = parts.map(parseStep)
  checkOrder(steps, parts)
  const stalled = steps.reduce((sum, step) => sum + (step.does === "stall" ? step.ms : 0), 0)
  if (stalled > maxMs) throw new TypeError("Invalid fault: its stalls are longer than a day.")
  return { steps, rate }
}

const expected = faultSteps.map(({ form }) => `'${form}'`).join(", ")

function parseStep(part: string, index: number): FaultStep {
  const text = part.toLowerCase().replaceAll(/\s+/g, " ").trim()
  const bare = text.replace(/^(then )?(after )?/, "")
  for (const { pattern, read } of faultSteps) {
    const match = pattern.exec(bare)
    if (!match) continue
    const step = read(match.slice(1))
    checkRange(step, part, index)
    return step
  }
  throw new TypeError(`${invalidStep(part, index)}: expected ${expected}. Separate steps by ';' or ':'.`)
}

const invalidStep = (part: string, index: number) => `Invalid fault, step ${index + 1} ('${part.trim()}')`

function checkRange(step: FaultStep, part: string, index: number): void {
  const wrong = (what: string) => new TypeError(`${invalidStep(part, index)}: ${what}.`)
  if (step.does === "deliver" && "count" in step.amount && step.amount.count > maxCount) {
    throw wrong(`at most ${maxCount} ${step.amount.unit}`)
  }
  if (step.does === "drip" && !(step.bytes >= 1 && step.bytes <= maxCount)) throw wrong("at least 1 byte")
  if (step.does === "drip" && !(step.everyMs >= 1 && step.everyMs <= maxMs)) {
    throw wrong("from 1 ms to a day")
  }
}

function checkOrder(steps: readonly FaultStep[], parts: readonly string[]): void {
  steps.forEach((step, index) => {
    const next = steps[index + 1]
    const wrong = (what: string) =>
      new TypeError(`${invalidStep(parts[index + 1] ?? "", index + 1)}: ${what}.`)
    if (next === undefined) return
    if (step.does === "end") throw wrong("no step follows the end of a reply")
    if (step.does === "drip" && next.does !== "end") throw wrong("only an end follows 'drip'")
    if (next.does === "head" && step.does !== "stall")
      throw wrong("'head' is the first step, or follows a stall")
  })
}
