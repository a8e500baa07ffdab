import { z } from "zod"

/**
 * A string of at most `max` characters. They are counted as code points, as JSON Schema does: Zod alone counts
 * UTF-16 units, and would refuse what the emitted document allows.
 */
export function text(max: number): z.ZodString {
  const check = z.maxLength(max)
  const ofUnits = check._zod.check
  check._zod.check = (payload) => {
    const { value }: { value: unknown } = payload
    // Other types are refused before. An array has a length too, and its members may not convert to a string.
    if (typeof value === "string" && value.length > max && [...value].length > max) ofUnits(payload)
  }
  return z.string().check(check)
}
