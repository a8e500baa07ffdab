import type { Fault } from "../rule.ts"
import type { Stamp } from "../views/http.ts"

export const createdSource = "OpenAI API reference: created, the Unix timestamp in seconds"

export const stampFaults = {
  milliseconds: "the time is in milliseconds, or lies thousands of years ahead",
  "not-positive": "the time is 0 or negative",
} as const

/** Seconds from here on are in the year 5138: what is more is counted in milliseconds. */
const maxSeconds = 1e11

/** How a time of creation is none in Unix seconds. */
export function stampFault({ value }: Stamp): Omit<Fault<keyof typeof stampFaults>, "at"> | undefined {
  if (value > 0 && value < maxSeconds) return undefined
  const fault = value > 0 ? "milliseconds" : "not-positive"
  return { fault, expected: "Unix seconds", actual: String(value) }
}
