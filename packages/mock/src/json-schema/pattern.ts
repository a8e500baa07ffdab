import type { Random } from "../content/random.ts"
import { type Spend, unlimited } from "./budget.ts"
import {
  type CharacterSet,
  complement,
  contains,
  knownRanges,
  lettersAndDigits,
  overlap,
  type Range,
  rangeSet,
} from "./character-set.ts"
import type { Lengths } from "./formats.ts"
import { type LookAround, maxTextLength, type Pattern, PatternError, parsePattern } from "./parse-pattern.ts"

/** Whether the pattern matches anywhere in the text, in time linear in both: sets of places, no backtracking. */
export function matches(pattern: Pattern, text: string, spend: Spend = unlimited): boolean {
  // An anchored pattern costs less. The estimate also pays for what surrounds a match: generating the text, reading the schema.
  spend(1 + 0.6 * text.length)
  const subject: Subject = { text: codePointsOf(text), looked: new Map(), spend }
  const isAnchored = pattern.kind === "sequence" && pattern.nodes[0]?.kind === "start"
  return reach(pattern, subject, isAnchored ? new Set([0]) : everywhere(subject), 1).size > 0
}

function codePointsOf(text: string): number[] {
  const codePoints: number[] = []
  for (let at = 0; at < text.length; at++) {
    const codePoint = text.codePointAt(at) ?? 0
    codePoints.push(codePoint)
    // The second half of a pair of surrogates.
    if (codePoint > 0xffff) at++
  }
  return codePoints
}

type Places = ReadonlySet<number>

interface Subject {
  readonly text: readonly number[]
  /** Where each look-around that was met holds: asked once, for all places. */
  readonly looked: Map<LookAround, Places>
  readonly spend: Spend
}

/** Returns all places of the text. */
function everywhere({ text }: Subject): Places {
  return new Set(Array(text.length + 1).keys())
}

/** Where a match of the node can end that begins at one of the places; read backwards, where it can begin. */
function reach(node: Pattern, subject: Subject, from: Places, step: 1 | -1): Places {
  const { text, spend } = subject
  spend(0.2 + from.size / 4)
  switch (node.kind) {
    case "start":
      return only(from, (at) => at === 0)
    case "end":
      return only(from, (at) => at === text.length)
    case "boundary":
      return only(from, (at) => isBoundary(text, at))
    case "no-boundary":
      return only(from, (at) => !isBoundary(text, at))
    case "look": {
      const places = lookedAt(node, subject)
      return only(from, (at) => places.has(at) !== node.negated)
    }
    case "set": {
      const read = step === 1 ? 0 : -1
      spend(from.size * (node.ranges.length / 50 + node.properties.length / 5))
      return new Set([...from].filter((at) => contains(node, text[at + read])).map((at) => at + step))
    }
    case "sequence": {
      const nodes = step === 1 ? node.nodes : node.nodes.toReversed()
      return nodes.reduce((reached, next) => reach(next, subject, reached, step), from)
    }
    case "choice":
      return new Set(node.nodes.flatMap((option) => [...reach(option, subject, from, step)]))
    case "repeat": {
      const reached = new Set(node.min === 0 ? from : [])
      let current = from
      for (let times = 1; times <= node.max && current.size > 0; times++) {
        current = reach(node.node, subject, current, step)
        spend(current.size / 4)
        if (times < node.min) continue
        // A place that was reached before has been continued from already.
        current = only(current, (at) => !reached.has(at))
        for (const at of current) reached.add(at)
      }
      return reached
    }
  }
}

const only = (places: Places, holds: (at: number) => boolean): Places => new Set([...places].filter(holds))

function lookedAt(look: LookAround, subject: Subject): Places {
  const known = subject.looked.get(look)
  if (known) return known
  const places = reach(look.node, subject, everywhere(subject), look.ahead ? -1 : 1)
  subject.looked.set(look, places)
  return places
}

const wordSet = rangeSet(knownRanges.word)

function isBoundary(text: readonly number[], at: number): boolean {
  return contains(wordSet, text[at - 1]) !== contains(wordSet, text[at])
}

/**
 * Returns a text that the pattern matches, with a length within the limits; undefined when none was found. Throws a
 * `PatternError` when the pattern is not supported. Default: any length.
 */
export function generateMatch(
  source: string,
  random: Random,
  { min = 0, max = Infinity }: Partial<Lengths> = {},
  spend: Spend = unlimited,
): string | undefined {
  const pattern = parsePattern(source, spend)
  const characters = characterSource(random, spend)
  const ways = hasLook(pattern) ? [false, true] : [false]
  const tried = new Set<string>()
  for (const repeats of repeatPlans(random, min)) {
    for (const looks of ways) {
      const { text, visited } = write(pattern, random, characters, repeats, looks)
      spend(visited / 5)
      if (text === undefined) continue
      spend(text.length / 5)
      for (const candidate of [text, text.padEnd(min, "x"), `${text} `.padEnd(min, "x")]) {
        const { length } = [...candidate]
        if (length < min || length > max || tried.has(candidate)) continue
        if (matches(pattern, candidate, spend)) return candidate
        tried.add(candidate)
      }
    }
  }
  return undefined
}

function hasLook(node: Pattern): boolean {
  if (node.kind === "repeat") return hasLook(node.node)
  return node.kind === "look" || ("nodes" in node && node.nodes.some(hasLook))
}

/** How often a repeat occurs that may occur up to `more` times again, plan by plan: by chance, then evenly. */
function* repeatPlans(random: Random, min: number): Generator<(more: number) => number> {
  for (let i = 0; i < 4; i++) yield (more) => random.below(Math.min(more, 3) + 1)
  for (const base of min > 32 ? [0, min - 16] : [0]) {
    for (let times = base; times < base + 32; times++) yield (more) => Math.min(more, times)
  }
}

/**
 * A text of the pattern, and how many nodes were visited; no text when so many repeats make it too long. With `looks`, what is looked ahead to is
 * written over what follows it, which suits patterns such as `^(?=.*\d).{8,}$`.
 */
function write(
  pattern: Pattern,
  random: Random,
  character: CharacterSource,
  repeats: (more: number) => number,
  looks: boolean,
): { readonly text: string | undefined; readonly visited: number } {
  let room = 2 * maxTextLength
  function visit(node: Pattern): string {
    if (--room < 0) return ""
    switch (node.kind) {
      case "set":
        return character(node)
      case "sequence":
        return looks ? overlaid(node.nodes) : node.nodes.map(visit).join("")
      case "choice":
        return visit(random.pick(node.nodes))
      case "repeat": {
        const times = node.min + repeats(node.max - node.min)
        let repeated = ""
        for (let count = 0; count < times && room >= 0; count++) repeated += visit(node.node)
        return repeated
      }
      default:
        return ""
    }
  }
  function overlaid(nodes: readonly Pattern[]): string {
    let text = ""
    const seen: { readonly at: number; readonly text: string }[] = []
    for (const node of nodes) {
      if (node.kind === "look" && node.ahead && !node.negated)
        seen.push({ at: text.length, text: visit(node.node) })
      else text += visit(node)
    }
    let free = 0
    for (const { at, text: over } of seen) {
      const from = Math.max(at, free)
      free = from + over.length
      text = text.slice(0, from) + over + text.slice(free)
    }
    return text
  }
  const text = visit(pattern)
  return { text: room < 0 ? undefined : text, visited: 2 * maxTextLength - room }
}

const printable: readonly Range[] = [[0x20, 0x7e]]

/** Draws a character of a set: a letter or digit if it has one, else anything printable, else its first. */
type CharacterSource = (set: CharacterSet) => string

/** Creates a source that looks at the members of each set once: a set may have thousands, and be drawn from as often. */
function characterSource(random: Random, spend: Spend): CharacterSource {
  const preferredOf = new Map<CharacterSet, string | readonly (string | Range)[]>()
  return (set) => {
    let preferred = preferredOf.get(set)
    if (preferred === undefined) {
      preferred = preferredMembers(set, spend)
      preferredOf.set(set, preferred)
    }
    if (typeof preferred === "string") return preferred
    const drawn = random.pick(preferred)
    return typeof drawn === "string"
      ? drawn
      : String.fromCodePoint(drawn[0] + random.below(drawn[1] - drawn[0] + 1))
  }
}

/** Returns the only character to use, or those to draw from: ranges, or single ones where the set has properties. */
function preferredMembers(set: CharacterSet, spend: Spend): string | readonly (string | Range)[] {
  const { ranges, properties, negated } = set
  spend(ranges.length + (properties.length * samples.length) / 5)
  if (properties.length > 0) {
    const known = samples.filter((sample) => contains(set, sample.codePointAt(0)))
    if (known.length === 0) throw new PatternError("a pattern has a class that the mock knows no member of")
    return known
  }
  const members = negated ? complement(ranges) : ranges
  for (const preferred of [lettersAndDigits, printable]) {
    const shared = members.flatMap((range) => preferred.flatMap((other) => overlap(range, other)))
    if (shared.length > 0) return shared
  }
  const [first] = members
  if (!first) throw new PatternError("a pattern has a class without members")
  return String.fromCodePoint(first[0])
}

/** Characters of many properties, to look among where no ranges are known. */
const samples = [
  ..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
  ..." !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~\\\n\t\u00a0",
  ..."àéîõüßÀÉÎÕÜøÅǅʰªαβγΩжЯאבعربहिन्दीไทย한국어ひらがなカタカナ漢字",
  ..."©®°±×€£¥←→∞≠«»“”–—…·²½Ⅷ٣\u0301\u20e3\u200d\ufe0f☀☕✨⭐🎉😀🚀🏽🇳🇴𝒳",
]
