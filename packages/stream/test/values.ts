import type { TokenLogprob } from "@nexhina/schemas"
import fc from "fast-check"

const extras = fc.dictionary(
  fc.oneof(
    fc.string().map((name) => `x_${name}`),
    fc.constant("__proto__"),
  ),
  fc.jsonValue(),
  {
    maxKeys: 2,
  },
)
const word = fc.constantFrom(
  "a",
  " ",
  "\n",
  "é",
  "☕",
  "😀",
  "👩‍👩‍👧",
  '{"city":',
  '"Paris"}',
  "supercalifragilistic",
)
const codeUnit = fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit))
/** Text of words, long and short, and of any code units. */
export const text = fc.string({ unit: fc.oneof({ weight: 9, arbitrary: word }, codeUnit) })

/** A value, or null, or undefined, which `object` leaves out. */
export function nullish<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> {
  return fc.oneof(fc.constantFrom(null, undefined), value)
}

/** Leaves members that are undefined out, as JSON does, and adds unknown ones. */
export function object<T extends object>(
  shape: { [Member in keyof T]: fc.Arbitrary<T[Member]> },
): fc.Arbitrary<T> {
  return fc
    .tuple(fc.record<T>(shape), extras)
    .map(([known, unknown]) => JSON.parse(JSON.stringify({ ...unknown, ...known })))
}

const token = (token: fc.Arbitrary<string>) =>
  object<TokenLogprob>({
    token,
    logprob: fc.double({ min: -100, max: 0, noNaN: true }),
    bytes: nullish(fc.array(fc.nat({ max: 255 }))),
    top_logprobs: fc.constant([]),
  })

/** Tokens that make up the text, cut anywhere, or any. */
export function tokensOf(text: string | null | undefined): fc.Arbitrary<TokenLogprob[]> {
  const cuts = fc.array(fc.nat({ max: text?.length ?? 0 }))
  return fc.oneof(
    fc.array(token(fc.string()), { maxLength: 3 }),
    cuts.chain((cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), text?.length ?? 0]
      const pieces = edges.slice(1).map((end, i) => (text ?? "").slice(edges[i], end))
      return fc.tuple(...pieces.map((piece) => token(fc.constant(piece))))
    }),
  )
}

/** Whether each character of the text is all there. */
export const isWhole = (text: string | null | undefined): boolean => !/\p{Surrogate}/u.test(text ?? "")

/** All that a value says, by path. Null and what is empty say nothing. */
export function said(value: unknown, path: readonly string[] = []): [path: string, leaf: unknown][] {
  if (value === null) return []
  if (typeof value !== "object") return [[JSON.stringify(path), value]]
  return Object.entries(value).flatMap(([member, inner]) => said(inner, [...path, member]))
}
