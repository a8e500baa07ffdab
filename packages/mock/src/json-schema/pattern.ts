import type { Random } from "../content/random.ts"
import { type Spend, unlimited } from "./budget.ts"

/** A regular expression as a tree. */
type Node =
  | SetNode
  | { readonly kind: "sequence"; readonly nodes: readonly Node[] }
  | { readonly kind: "choice"; readonly nodes: readonly Node[] }
  | { readonly kind: "repeat"; readonly node: Node; readonly least: number; readonly most: number }
  | Look
  | { readonly kind: "start" | "end" | "boundary" | "no-boundary" }

/** A class of characters: of code points in ranges, both ends included, or with one of some Unicode properties. */
interface SetNode {
  readonly kind: "set"
  readonly ranges: readonly Range[]
  readonly properties: readonly RegExp[]
  readonly negated: boolean
}
type Range = readonly [from: number, to: number]

/** A place at which the node matches what follows, or what came before; or at which it does not. */
interface Look {
  readonly kind: "look"
  readonly node: Node
  readonly ahead: boolean
  readonly negated: boolean
}

/** A pattern that this module understands. */
export type Pattern = Node

/** Why a pattern is not understood, or is not written out: a whole sentence without its full stop. */
export class PatternError extends Error {}

/**
 * Reads a pattern of JSON Schema, which is an ECMAScript regular expression: literals, classes, groups, choices,
 * quantifiers, anchors and look-around. Throws a `PatternError` for back references and what is no such expression.
 */
export function parsePattern(source: string): Pattern {
  const shown = source.length > 100 ? `${source.slice(0, 100)}…` : source
  const refuse = (what: string) => new PatternError(`the pattern '${shown}' has ${what}`)
  const tooMuch = () => refuse(`more than ${longestText} characters or repetitions`)
  if (source.length > 10 * longestText) throw tooMuch()
  const chars = [...source]
  let at = 0
  let open = 0

  function choice(): Node {
    const nodes = [sequence()]
    while (chars[at] === "|") {
      at++
      nodes.push(sequence())
    }
    return nodes.length === 1 && nodes[0] ? nodes[0] : { kind: "choice", nodes }
  }

  function sequence(): Node {
    const nodes: Node[] = []
    while (at < chars.length && chars[at] !== "|" && chars[at] !== ")") nodes.push(quantified(atom()))
    return { kind: "sequence", nodes }
  }

  function quantified(node: Node): Node {
    const [least, most] = quantifier() ?? [1, 1]
    if (least === 1 && most === 1) return node
    if (chars[at] === "?") at++
    if (least > most) throw refuse(`a quantifier that asks for ${least} to ${most} times`)
    return { kind: "repeat", node, least, most }
  }

  function quantifier(): Range | undefined {
    const simple = { "*": [0, Infinity], "+": [1, Infinity], "?": [0, 1] } as const
    const char = chars[at]
    if (char === "*" || char === "+" || char === "?") {
      at++
      return simple[char]
    }
    const counts = /^\{(\d+)(?:(,)(\d*))?\}/.exec(chars.slice(at, at + 24).join(""))
    if (!counts) return undefined
    at += counts[0].length
    const least = Number(counts[1])
    if (!counts[2]) return [least, least]
    return [least, counts[3] ? Number(counts[3]) : Infinity]
  }

  function atom(): Node {
    const char = chars[at++]
    if (char === "(") return group()
    if (char === "[") return characterClass()
    if (char === "^") return { kind: "start" }
    if (char === "$") return { kind: "end" }
    if (char === ".") return set(lineEnds, true)
    if (char === "\\" && chars[at] === "b") return assertion("boundary")
    if (char === "\\" && chars[at] === "B") return assertion("no-boundary")
    if (char === "\\") return escaped()
    if (char === undefined || "*+?)".includes(char)) throw refuse(`a '${char}' that stands alone`)
    return literal(char)
  }

  function assertion(kind: "boundary" | "no-boundary"): Node {
    at++
    return { kind }
  }

  function group(): Node {
    let look: string | undefined
    if (chars[at] === "?") {
      const opening = /^\?(?:(<?[=!])|:|<\w+>)/.exec(chars.slice(at, at + 64).join(""))
      if (!opening) throw refuse("a group of an unknown kind")
      at += opening[0].length
      look = opening[1]
    }
    if (++open > deepestGroup) throw refuse(`groups more than ${deepestGroup} deep`)
    const node = choice()
    if (chars[at++] !== ")") throw refuse("a group without its ')'")
    open--
    if (look === undefined) return node
    return { kind: "look", node, ahead: !look.startsWith("<"), negated: look.endsWith("!") }
  }

  function escaped(): SetNode {
    const char = chars[at++]
    if (char === undefined) throw refuse("a backslash at the end")
    const known = classes[char]
    if (known) return known
    if (char === "p" || char === "P") return property(char)
    const numbered = numberedEscapes[char]?.exec(chars.slice(at, at + 8).join(""))
    if (numbered) {
      at += numbered[0].length
      return one(Number.parseInt(numbered[1] ?? numbered[2] ?? "", 16))
    }
    const control = controls[char]
    if (control !== undefined) return one(control)
    if (/[a-z1-9]/i.test(char)) throw refuse(`'\\${char}'`)
    return literal(char)
  }

  function property(letter: "p" | "P"): SetNode {
    const name = /^\{[\w=]{1,64}\}/.exec(chars.slice(at, at + 66).join(""))?.[0] ?? ""
    at += name.length
    try {
      return { ...set([]), properties: [new RegExp(`^\\${letter}${name}$`, "u")] }
    } catch {
      throw refuse(`'\\${letter}${name}', which is no property`)
    }
  }

  function characterClass(): Node {
    const negated = chars[at] === "^"
    if (negated) at++
    const ranges: Range[] = []
    const properties: RegExp[] = []
    while (chars[at] !== "]") {
      if (at >= chars.length) throw refuse("a class without its ']'")
      const from = member()
      const single = from.ranges.length === 1 && !from.negated ? from.ranges[0] : undefined
      if (
        single &&
        single[0] === single[1] &&
        chars[at] === "-" &&
        at + 1 < chars.length &&
        chars[at + 1] !== "]"
      ) {
        at++
        const to = member().ranges[0]
        if (!to || to[0] < single[0]) throw refuse("a range from high to low in a class")
        ranges.push([single[0], to[1]])
      } else {
        ranges.push(...(from.negated ? complement(from.ranges) : from.ranges))
        properties.push(...from.properties)
      }
    }
    at++
    return { kind: "set", ranges, properties, negated }
  }

  function member(): SetNode {
    const char = chars[at++]
    if (char === "\\" && chars[at] === "b") {
      at++
      return one(8)
    }
    return char === "\\" ? escaped() : literal(char ?? "")
  }

  const whole = choice()
  if (at < chars.length) throw refuse("a ')' without its '('")
  if (weight(whole) > longestText) throw tooMuch()
  return whole
}

/** How many nodes there are, counting each repetition that must be. */
function weight(node: Node): number {
  if (node.kind === "repeat") return Math.max(1, node.least) * weight(node.node)
  if (node.kind === "look") return 1 + weight(node.node)
  return "nodes" in node ? node.nodes.reduce((sum, inner) => sum + weight(inner), 1) : 1
}

/** No generated text is longer than this, in code points (chosen). */
export const longestText = 10_000

/** Groups nest no deeper than this (chosen). */
const deepestGroup = 100

const lastCodePoint = 0x10ffff
const digitRanges: readonly Range[] = [[0x30, 0x39]]
const wordRanges: readonly Range[] = [
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0x30, 0x39],
  [0x5f, 0x5f],
]
const spaceRanges: readonly Range[] = [
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
]
const lineEnds: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]

const set = (ranges: readonly Range[], negated = false): SetNode => ({
  kind: "set",
  ranges,
  properties: [],
  negated,
})

const wordClass = set(wordRanges)
const classes: Readonly<Record<string, SetNode>> = {
  d: set(digitRanges),
  D: set(digitRanges, true),
  w: wordClass,
  W: set(wordRanges, true),
  s: set(spaceRanges),
  S: set(spaceRanges, true),
}
const numberedEscapes: Readonly<Record<string, RegExp>> = {
  u: /^(?:\{([0-9a-f]{1,6})\}|([0-9a-f]{4}))/i,
  x: /^([0-9a-f]{2})/i,
}
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 }

function one(codePoint: number): SetNode {
  return set([[codePoint, codePoint]])
}

function literal(char: string): SetNode {
  return one(char.codePointAt(0) ?? 0)
}

function complement(ranges: readonly Range[]): Range[] {
  const gaps: Range[] = []
  let next = 0
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from > next) gaps.push([next, from - 1])
    next = Math.max(next, to + 1)
  }
  if (next <= lastCodePoint) gaps.push([next, lastCodePoint])
  return gaps
}

/** Whether the pattern matches anywhere in the text, in time linear in both: sets of places, no backtracking. */
export function matches(pattern: Pattern, text: string, spend: Spend = unlimited): boolean {
  const codePoints = Array.from(text, (char) => char.codePointAt(0) ?? 0)
  const everywhere: Places = new Set(Array(codePoints.length + 1).keys())
  return reach(pattern, { text: codePoints, everywhere, looked: new Map(), spend }, everywhere, 1).size > 0
}

type Places = ReadonlySet<number>

interface Subject {
  readonly text: readonly number[]
  readonly everywhere: Places
  /** Where each look-around that was met holds: asked once, for all places. */
  readonly looked: Map<Look, Places>
  readonly spend: Spend
}

/** Where a match of the node can end that begins at one of the places; read backwards, where it can begin. */
function reach(node: Node, subject: Subject, from: Places, step: 1 | -1): Places {
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
      return new Set([...from].filter((at) => within(text[at + read], node)).map((at) => at + step))
    }
    case "sequence": {
      const nodes = step === 1 ? node.nodes : node.nodes.toReversed()
      return nodes.reduce((reached, next) => reach(next, subject, reached, step), from)
    }
    case "choice":
      return new Set(node.nodes.flatMap((option) => [...reach(option, subject, from, step)]))
    case "repeat": {
      const reached = new Set(node.least === 0 ? from : [])
      let current = from
      for (let times = 1; times <= node.most && current.size > 0; times++) {
        current = reach(node.node, subject, current, step)
        if (times < node.least) continue
        // A place that was reached before has been continued from already.
        current = only(current, (at) => !reached.has(at))
        for (const at of current) reached.add(at)
      }
      return reached
    }
  }
}

const only = (places: Places, holds: (at: number) => boolean): Places => new Set([...places].filter(holds))

function lookedAt(look: Look, subject: Subject): Places {
  const known = subject.looked.get(look)
  if (known) return known
  const places = reach(look.node, subject, subject.everywhere, look.ahead ? -1 : 1)
  subject.looked.set(look, places)
  return places
}

function isBoundary(text: readonly number[], at: number): boolean {
  return within(text[at - 1], wordClass) !== within(text[at], wordClass)
}

function within(codePoint: number | undefined, { ranges, properties, negated }: SetNode): boolean {
  if (codePoint === undefined) return false
  const isMember =
    ranges.some(([from, to]) => codePoint >= from && codePoint <= to) ||
    (properties.length > 0 && properties.some((property) => property.test(String.fromCodePoint(codePoint))))
  return isMember !== negated
}

interface Lengths {
  /** In code points. Default: 0. */
  readonly least?: number
  /** Default: any. */
  readonly most?: number
}

/**
 * A text that the pattern matches, of a length within limits; undefined when none was found. Throws a
 * `PatternError` when the pattern is not understood.
 */
export function generateMatch(
  source: string,
  random: Random,
  { least = 0, most = Infinity }: Lengths = {},
  spend: Spend = unlimited,
): string | undefined {
  spend(source.length / 5)
  const pattern = parsePattern(source)
  const ways = hasLook(pattern) ? [false, true] : [false]
  const tried = new Set<string>()
  for (const repeats of repeatPlans(random, least)) {
    for (const looks of ways) {
      const text = write(pattern, random, repeats, looks)
      if (text === undefined) continue
      spend(text.length / 5)
      for (const candidate of [text, text.padEnd(least, "x"), `${text} `.padEnd(least, "x")]) {
        const { length } = [...candidate]
        if (length < least || length > most || tried.has(candidate)) continue
        if (matches(pattern, candidate, spend)) return candidate
        tried.add(candidate)
      }
    }
  }
  return undefined
}

function hasLook(node: Node): boolean {
  if (node.kind === "repeat") return hasLook(node.node)
  return node.kind === "look" || ("nodes" in node && node.nodes.some(hasLook))
}

/** How often a repeat occurs that may occur up to `more` times again, plan by plan: by chance, then evenly. */
function* repeatPlans(random: Random, least: number): Generator<(more: number) => number> {
  for (let i = 0; i < 4; i++) yield (more) => random.below(Math.min(more, 3) + 1)
  for (const base of least > 32 ? [0, least - 16] : [0]) {
    for (let times = base; times < base + 32; times++) yield (more) => Math.min(more, times)
  }
}

/**
 * A text of the pattern; undefined when so many repeats make it too long. With `looks`, what is looked ahead to is
 * written over what follows it, which suits patterns such as `^(?=.*\d).{8,}$`.
 */
function write(
  pattern: Pattern,
  random: Random,
  repeats: (more: number) => number,
  looks: boolean,
): string | undefined {
  let room = 2 * longestText
  function visit(node: Node): string {
    if (--room < 0) return ""
    switch (node.kind) {
      case "set":
        return character(node, random)
      case "sequence":
        return looks ? overlaid(node.nodes) : node.nodes.map(visit).join("")
      case "choice":
        return visit(random.pick(node.nodes))
      case "repeat": {
        const times = node.least + repeats(node.most - node.least)
        return Array.from({ length: times }, () => visit(node.node)).join("")
      }
      default:
        return ""
    }
  }
  function overlaid(nodes: readonly Node[]): string {
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
  return room < 0 ? undefined : text
}

const printable: readonly Range[] = [[0x20, 0x7e]]

/** A character of a set: a letter or digit if it has one, else anything printable, else its first. */
function character(node: SetNode, random: Random): string {
  const { ranges, properties, negated } = node
  if (properties.length > 0) {
    const known = samples.filter((sample) => within(sample.codePointAt(0), node))
    if (known.length === 0) throw new PatternError("a pattern has a class that the mock knows no member of")
    return random.pick(known)
  }
  const members = negated ? complement(ranges) : ranges
  for (const preferred of [wordRanges.slice(0, 3), printable]) {
    const shared = members.flatMap((range) => preferred.flatMap((other) => overlap(range, other)))
    if (shared.length > 0) {
      const [from, to] = random.pick(shared)
      return String.fromCodePoint(from + random.below(to - from + 1))
    }
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

function overlap([from, to]: Range, [otherFrom, otherTo]: Range): Range[] {
  const shared: Range = [Math.max(from, otherFrom), Math.min(to, otherTo)]
  return shared[0] <= shared[1] ? [shared] : []
}
