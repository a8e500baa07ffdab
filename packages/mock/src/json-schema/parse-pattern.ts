import { type AST, RegExpParser, RegExpSyntaxError } from "@eslint-community/regexpp"
import { limits } from "../limits.ts"
import { type Spend, unlimited } from "./budget.ts"
import { type CharacterSet, complement, knownRanges, type Range, rangeSet } from "./character-set.ts"

/** A regular expression as a tree. */
export type Pattern =
  | CharacterSet
  | { readonly kind: "sequence"; readonly nodes: readonly Pattern[] }
  | { readonly kind: "choice"; readonly nodes: readonly Pattern[] }
  | { readonly kind: "repeat"; readonly node: Pattern; readonly min: number; readonly max: number }
  | LookAround
  | { readonly kind: "start" | "end" | "boundary" | "no-boundary" }

/** A place at which the node matches what follows, or what came before; or at which it does not. */
export interface LookAround {
  readonly kind: "look"
  readonly node: Pattern
  readonly ahead: boolean
  readonly negated: boolean
}

/** Thrown for a pattern that is not supported. The message is a sentence without its full stop. */
export class PatternError extends Error {}

/** Maximum length of a generated text, in code points (chosen). */
export const maxTextLength: number = limits.generatedText.max

/** Maximum nesting of groups, so that recursive functions do not exhaust the stack (chosen). */
const maxGroupDepth = 100

type Refuse = (what: string) => PatternError

/**
 * Parses a pattern of JSON Schema, which is an ECMAScript regular expression: literals, classes, groups, choices,
 * quantifiers, anchors and look-around. Throws a `PatternError` for back references, for patterns that are too large
 * and for malformed ones.
 */
export function parsePattern(source: string, spend: Spend = unlimited): Pattern {
  const shown = source.length > 100 ? `${source.slice(0, 100)}…` : source
  const refuse: Refuse = (what) => new PatternError(`the pattern '${shown}' has ${what}`)
  const tooLarge = `more than ${maxTextLength} characters or repetitions`
  if (source.length > 10 * maxTextLength) throw refuse(tooLarge)
  spend(30 + 2 * source.length)
  const strict = toUnicodeMode(source, refuse)
  const whole = toChoice(parse(strict, refuse).alternatives, refuse)
  if (weight(whole) > maxTextLength) throw refuse(tooLarge)
  return whole
}

/** Returns the number of nodes, counting each repetition that is required. */
function weight(node: Pattern): number {
  if (node.kind === "repeat") return Math.max(1, node.min) * weight(node.node)
  if (node.kind === "look") return 1 + weight(node.node)
  return "nodes" in node ? node.nodes.reduce((sum, inner) => sum + weight(inner), 1) : 1
}

/** The parts of a pattern that the flag `u` treats differently, each as a whole. */
const token = new RegExp(
  [
    /(?<escape>\\(?:[upP]\{[^}]*\}|.)?)/,
    /(?<characterClass>\[(?:\\.|[^\]\\])*\]?)/,
    /(?<opening>\((?:\?(?:<?[=!]|:|<\w+>)?)?)/,
    /(?<repeated>\)(?=[*+?]|\{\d+(?:,\d*)?\}))/,
    /(?<closing>\))/,
    /(?<count>\{\d+(?:,\d*)?\})/,
    /(?<bracket>[{}\]])/,
    /(?<operator>[*+?|])/,
    /./,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gsu",
)

/**
 * Rewrites a pattern so that it can be parsed with the flag `u`, which the specification asks for. Many patterns that
 * are in use compile only without it: they escape characters without need, leave brackets unescaped, or have a class
 * such as `[\w-z]`. Refuses back references and deep nesting here, before they cost time.
 */
function toUnicodeMode(source: string, refuse: Refuse): string {
  const written: string[] = []
  const open: { readonly index: number; readonly isLook: boolean }[] = []
  let isRepeatable = false
  for (const { 0: text, groups = {} } of source.matchAll(token)) {
    if (groups["escape"]) written.push(escaped(text, refuse))
    else if (groups["characterClass"]) written.push(classInUnicodeMode(text, refuse))
    else if (groups["opening"]) {
      open.push({ index: written.length, isLook: /[=!]$/.test(text) })
      if (open.length > maxGroupDepth) throw refuse(`groups more than ${maxGroupDepth} deep`)
      written.push(text)
    } else if (groups["repeated"] || groups["closing"]) {
      const opening = open.pop()
      // Look-around can be repeated only in a group.
      const wraps = opening?.isLook && groups["repeated"]
      if (wraps) written[opening.index] = `(?:${written[opening.index]}`
      written.push(wraps ? "))" : text)
    } else if (groups["bracket"] || (groups["count"] && !isRepeatable)) {
      written.push(text.replaceAll(/[{}\]]/g, "\\$&"))
    } else written.push(text)
    const isQuantifier: boolean = groups["count"] !== undefined && isRepeatable
    isRepeatable = !(isQuantifier || groups["opening"] || groups["operator"])
  }
  return written.join("")
}

function escaped(text: string, refuse: Refuse): string {
  if (/^\\[1-9k]$/.test(text)) throw refuse(`'${text}'`)
  if (text === "\\0") return "\\x00"
  // Letters, digits and the characters with a meaning are left to the parser, as is a backslash at the end.
  return /^\\[^\w^$\\.*+?()[\]{}|/]$/u.test(text) || text === "\\_" ? text.slice(1) : text
}

/** The members of a class that need an escape with the flag `u`: hyphens beside a class, and escaped characters. */
const classToken = /(\\[dDwWsS]|\\[pP]\{[^}]*\})-(?!\])|-(?=\\[dDwWsSpP])|\\./gsu

function classInUnicodeMode(text: string, refuse: Refuse): string {
  return text.replaceAll(classToken, (member: string, beforeHyphen: string | undefined) => {
    if (beforeHyphen !== undefined) return `${beforeHyphen}\\-`
    if (member === "-") return "\\-"
    return member === "\\-" ? member : escaped(member, refuse)
  })
}

const parser = new RegExpParser()

function parse(source: string, refuse: Refuse): AST.Pattern {
  try {
    return parser.parsePattern(source, 0, source.length, { unicode: true })
  } catch (error) {
    if (error instanceof RegExpSyntaxError) throw refuse(problem(error, source))
    throw error
  }
}

/** Describes a syntax error, given the source that the parser has seen. */
function problem({ message, index }: RegExpSyntaxError, source: string): string {
  const reason = message.slice(message.lastIndexOf("/u: ") + 4)
  const before = source.slice(0, index)
  const fromBackslash = source.slice(before.lastIndexOf("\\"))
  const described = problems[reason]
  return described?.(before, fromBackslash) ?? `a syntax error (${reason})`
}

const badEscape = (_: string, fromBackslash: string): string =>
  fromBackslash === "\\" ? "a backslash at the end" : `'${[...fromBackslash].slice(0, 2).join("")}'`
const badGroup = (): string => "a group of an unknown kind"

/** Descriptions of syntax errors by the parser's reason, given the source before it and from the last backslash on. */
const problems: Readonly<Record<string, (before: string, fromBackslash: string) => string>> = {
  "Invalid group": badGroup,
  "Invalid capture group name": badGroup,
  "Unterminated group": () => "a group without its ')'",
  "Unmatched ')'": () => "a ')' without its '('",
  "Unterminated character class": () => "a class without its ']'",
  "Range out of order in character class": () => "a range from high to low in a class",
  "Nothing to repeat": (before) => `a '${/(?:[*+?]|\{[\d,]*\})$/.exec(before)?.[0]}' that stands alone`,
  "numbers out of order in {} quantifier": (before) =>
    `a quantifier that asks for ${/(\d+,\d+)\}$/.exec(before)?.[1]?.replace(",", " to ")} times`,
  "Invalid escape": badEscape,
  "Invalid unicode escape": badEscape,
  "Invalid property name": (_, fromBackslash) =>
    noProperty(/^\\[pP](?:\{[\w=]{1,64}\})?/.exec(fromBackslash)?.[0] ?? fromBackslash),
}

const noProperty = (shown: string): string => `'${shown}', which is not a property`

function toChoice(alternatives: readonly AST.Alternative[], refuse: Refuse): Pattern {
  const nodes = alternatives.map(
    ({ elements }): Pattern => ({
      kind: "sequence",
      nodes: elements.map((element) => toNode(element, refuse)),
    }),
  )
  return nodes.length === 1 && nodes[0] ? nodes[0] : { kind: "choice", nodes }
}

function toNode(element: AST.Element, refuse: Refuse): Pattern {
  switch (element.type) {
    case "Assertion":
      return toAssertion(element, refuse)
    case "Quantifier": {
      const { min, max } = element
      const node = toNode(element.element, refuse)
      return min === 1 && max === 1 ? node : { kind: "repeat", node, min, max }
    }
    case "Group":
      if (element.modifiers) throw refuse(badGroup())
      return toChoice(element.alternatives, refuse)
    case "CapturingGroup":
      return toChoice(element.alternatives, refuse)
    case "Character":
      return rangeSet([[element.value, element.value]])
    case "CharacterSet":
      return toSet(element, refuse)
    case "CharacterClass":
      return toClass(element, refuse)
    case "Backreference":
    case "ExpressionCharacterClass":
      throw refuse(`'${element.raw}'`)
  }
}

function toAssertion(assertion: AST.Assertion, refuse: Refuse): Pattern {
  switch (assertion.kind) {
    case "start":
    case "end":
      return { kind: assertion.kind }
    case "word":
      return { kind: assertion.negate ? "no-boundary" : "boundary" }
    case "lookahead":
    case "lookbehind": {
      const { kind, negate: negated, alternatives } = assertion
      return { kind: "look", node: toChoice(alternatives, refuse), ahead: kind === "lookahead", negated }
    }
  }
}

function toSet(set: AST.CharacterSet, refuse: Refuse): CharacterSet {
  if (set.kind === "any") return rangeSet(knownRanges.lineEnd, true)
  if (set.kind !== "property") return rangeSet(knownRanges[set.kind], set.negate)
  try {
    return rangeSet([], false, [new RegExp(`^${set.raw}$`, "u")])
  } catch {
    // The parser may know properties of a newer version of Unicode than the runtime.
    throw refuse(noProperty(set.raw))
  }
}

function toClass({ elements, negate }: AST.CharacterClass, refuse: Refuse): CharacterSet {
  const ranges: Range[] = []
  const properties: RegExp[] = []
  for (const element of elements) {
    if (element.type === "Character") ranges.push([element.value, element.value])
    else if (element.type === "CharacterClassRange") ranges.push([element.min.value, element.max.value])
    else if (element.type === "CharacterSet") {
      const set = toSet(element, refuse)
      ranges.push(...(set.negated ? complement(set.ranges) : set.ranges))
      properties.push(...set.properties)
    } else throw refuse(`'${element.raw}'`)
  }
  return rangeSet(ranges, negate, properties)
}
