import type { Random } from "../content/random.ts"
import type { Keywords } from "./accepts.ts"
import { type Generation, numberOf, type TypeGenerator } from "./generation.ts"

export const generateInteger: TypeGenerator = (keywords, generation) =>
  generateNumeric({ ...keywords, type: "integer" }, generation, 1)

/**
 * A whole number where the schema has one: many schemas say `number` of counts and ids, and agents fail on fractions.
 * Only the last plan tries fractions first, for a schema that excludes whole numbers elsewhere, as with `not`.
 */
export const generateNumber: TypeGenerator = (keywords, generation, _depth, plan) => {
  const numbers = { ...keywords, type: "number" }
  const whole = plan === "all" ? undefined : generateNumeric(numbers, generation, 1)
  return whole ?? generateNumeric(numbers, generation)
}

function generateNumeric(
  keywords: Keywords,
  { random, accepts }: Generation,
  defaultStep?: number,
): number | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = keywords
  const min = Math.max(numberOf(minimum, -Infinity), numberOf(exclusiveMinimum, -Infinity))
  const max = Math.min(numberOf(maximum, Infinity), numberOf(exclusiveMaximum, Infinity))
  if (min > max) return undefined
  // A window of 100 within the limits, above 0 where they allow it.
  const from = min > 0 ? min : Math.max(min, Math.min(0, max - 100))
  const to = Math.min(max, from + 100)
  const step = typeof multipleOf === "number" && multipleOf > 0 ? multipleOf : defaultStep
  const drawn =
    step === undefined
      ? fractions(random, from, to)
      : multiples(random, step, from, Math.min(max, Math.max(to, from + 16 * step)))
  return drawn.find((value) => accepts(keywords, value))
}

/** Returns random numbers within limits, with two decimals and with all of them, and then the limits. */
function fractions(random: Random, from: number, to: number): number[] {
  const rounded = Math.round((from + random.fraction() * (to - from)) * 100) / 100
  return [rounded, from + random.fraction() * (to - from), from, to]
}

/** Returns multiples of a step within limits: some at random, then the first ones. */
function multiples(random: Random, step: number, from: number, to: number): number[] {
  const first = Math.ceil(from / step)
  const count = Math.floor(to / step) - first + 1
  const chosen = [...Array.from({ length: 4 }, () => random.below(Math.max(1, count))), ...Array(16).keys()]
  // 15 digits: 3 * 0.1 is 0.3, as it is written.
  return chosen.map((index) => Number(((first + index) * step).toPrecision(15)) + 0)
}
