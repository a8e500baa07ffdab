/** A range of code points, both ends included. */
export type Range = readonly [from: number, to: number]

/** A character class: the code points in some ranges, or with one of some Unicode properties; or all others. */
export interface CharacterSet {
  readonly kind: "set"
  /** As written. */
  readonly ranges: readonly Range[]
  /** The same code points as `ranges`, in order and apart from one another. */
  readonly ordered: readonly Range[]
  /** Each matches a text of one code point that has the property. */
  readonly properties: readonly RegExp[]
  readonly negated: boolean
}

const maxCodePoint = 0x10ffff

export const lettersAndDigits: readonly Range[] = [
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0x30, 0x39],
]

/** The ranges of `\d`, `\w` and `\s`, and of what `.` does not match. */
export const knownRanges = {
  digit: [[0x30, 0x39]],
  word: [...lettersAndDigits, [0x5f, 0x5f]],
  space: [
    [0x20, 0x20],
    [0x09, 0x0d],
    [0xa0, 0xa0],
    [0x1680, 0x1680],
    [0x2000, 0x200a],
    [0x2028, 0x2029],
    [0x202f, 0x202f],
    [0x205f, 0x205f],
    [0x3000, 0x3000],
    [0xfeff, 0xfeff],
  ],
  lineEnd: [
    [0x0a, 0x0a],
    [0x0d, 0x0d],
    [0x2028, 0x2029],
  ],
} as const satisfies Record<string, readonly Range[]>

/** Creates a set of ranges and properties, or of everything outside them. */
export function rangeSet(
  ranges: readonly Range[],
  negated = false,
  properties: readonly RegExp[] = [],
): CharacterSet {
  // A set is its own complement's complement.
  const ordered = ranges.length > 1 ? complement(complement(ranges)) : ranges
  return { kind: "set", ranges, ordered, properties, negated }
}

/** Returns whether a set contains a code point; it never contains undefined, the place outside a text. */
export function contains(set: CharacterSet, codePoint: number | undefined): boolean {
  if (codePoint === undefined) return false
  const { ordered, properties, negated } = set
  const isMember =
    isWithin(ordered, codePoint) ||
    (properties.length > 0 && properties.some((property) => property.test(String.fromCodePoint(codePoint))))
  return isMember !== negated
}

/** Returns whether ordered ranges contain a code point: a pattern may have a thousand of them. */
function isWithin(ordered: readonly Range[], codePoint: number): boolean {
  let low = 0
  let high = ordered.length
  while (low < high) {
    const middle = (low + high) >> 1
    const [from, to] = ordered[middle] as Range
    if (codePoint < from) high = middle
    else if (codePoint > to) low = middle + 1
    else return true
  }
  return false
}

/** Returns the ranges between the given ones. */
export function complement(ranges: readonly Range[]): Range[] {
  const gaps: Range[] = []
  let next = 0
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from > next) gaps.push([next, from - 1])
    next = Math.max(next, to + 1)
  }
  if (next <= maxCodePoint) gaps.push([next, maxCodePoint])
  return gaps
}

/** Returns the range that two ranges share, if any. */
export function overlap([from, to]: Range, [otherFrom, otherTo]: Range): Range[] {
  const shared: Range = [Math.max(from, otherFrom), Math.min(to, otherTo)]
  return shared[0] <= shared[1] ? [shared] : []
}
