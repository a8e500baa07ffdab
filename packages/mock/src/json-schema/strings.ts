import { sentence, word } from "../content/prose.ts"
import type { Random } from "../content/random.ts"
import { SchemaError } from "./accepts.ts"
import { formats, type Lengths } from "./formats.ts"
import { maxTries, numberOf, type TypeGenerator } from "./generation.ts"
import { maxTextLength } from "./parse-pattern.ts"
import { generateMatch } from "./pattern.ts"

/** Generates a text by its format, else by its pattern, else as prose. */
export const generateString: TypeGenerator = (keywords, { random, spend, accepts }) => {
  const { minLength, maxLength, pattern, format } = keywords
  const lengths = { min: numberOf(minLength, 0), max: numberOf(maxLength, Infinity) }
  if (lengths.min > maxTextLength) {
    throw new SchemaError(`asks for a text of ${lengths.min} characters, ${maxTextLength} at most`)
  }
  spend(lengths.min / 10)
  const tries = "not" in keywords ? maxTries : 1
  const firstAccepted = (count: number, draw: () => string | undefined): string | undefined => {
    for (let left = count; left > 0; left--) {
      const text = draw()
      if (text !== undefined && accepts(keywords, text)) return text
    }
    return undefined
  }
  const ofFormat = typeof format === "string" && Object.hasOwn(formats, format) ? formats[format] : undefined
  const formatted =
    ofFormat && firstAccepted(pattern === undefined ? tries : maxTries, () => ofFormat(random, lengths))
  return (
    formatted ??
    firstAccepted(tries, () =>
      typeof pattern === "string" ? generateMatch(pattern, random, lengths, spend) : prose(random, lengths),
    )
  )
}

function prose(random: Random, { min, max }: Lengths): string {
  let text = max < 24 ? word(random) : sentence(random)
  while (text.length < min) text += ` ${word(random)}`
  return text.slice(0, max)
}
