import fc from "fast-check"
import { expect, test } from "vitest"
import { digest, random } from "../content/random.ts"
import { PatternError, parsePattern } from "./parse-pattern.ts"
import { generateMatch, matches } from "./pattern.ts"

const atom = fc.constantFrom(
  "a",
  "b",
  "1",
  "\\d",
  "\\w",
  "\\s",
  "\\D",
  "[a-c]",
  "[^a]",
  ".",
  "\\.",
  "-",
  "[x\\-z]",
  "\\u0041",
  "(?:\\b)",
  "(?:\\B)",
  "\\p{L}",
  "[^\\p{Lu}1]",
)
/** In a group of its own, because it cannot be quantified. */
const look = fc
  .tuple(
    fc.constantFrom("?=", "?!", "?<=", "?<!"),
    fc.array(atom, { minLength: 1, maxLength: 2 }),
    fc.constantFrom("", "$", "*"),
  )
  .map(([kind, atoms, end]) => `(?:(${kind}${atoms.join("")}${end}))`)
// Nested no deeper, or the oracle backtracks for minutes, and is wrong in the end.
const { pattern } = fc.letrec<{ pattern: string; sequence: string; term: string }>((tie) => ({
  pattern: fc.array(tie("sequence"), { minLength: 1, maxLength: 2 }).map((options) => options.join("|")),
  sequence: fc.array(tie("term"), { minLength: 1, maxLength: 3 }).map((terms) => terms.join("")),
  term: fc
    .tuple(
      fc.oneof(
        { maxDepth: 1 },
        atom,
        tie("pattern").map((inner) => `(${inner})`),
        tie("pattern").map((inner) => `(?:${inner})`),
        look,
      ),
      fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "+?"),
    )
    .map(([inner, quantifier]) => inner + quantifier),
}))
const anchored = fc
  .tuple(fc.boolean(), pattern, fc.boolean())
  .map(([start, inner, end]) => (start ? "^" : "") + inner + (end ? "$" : ""))

/**
 * Returns whether the language's own expression matches. It is tried at the start of each character: by itself, V8 also
 * finds `\B` in the middle of a character of two code units, where ECMA-262 (RegExpBuiltinExec) does not look.
 */
function matchesNatively(source: string, text: string): boolean {
  const expression = new RegExp(source, "uy")
  let at = 0
  for (const character of [...text, ""]) {
    expression.lastIndex = at
    if (expression.test(text)) return true
    at += character.length
  }
  return false
}

test("matching agrees with the language's own regular expressions", () => {
  fc.assert(
    fc.property(
      anchored,
      fc.string({ unit: fc.constantFrom("a", "b", "c", "1", " ", ".", "-", "A", "é", "😀") }),
      (source, text) => {
        expect(matches(parsePattern(source), text)).toBe(matchesNatively(source, text))
      },
    ),
    { numRuns: 1000, examples: [["\\B", "a😀a"]] },
  )
})

test("a generated text matches, also within limits of length", () => {
  fc.assert(
    fc.property(anchored, fc.nat(12), fc.string(), (source, min, seed) => {
      const text = generateMatch(source, random(digest(seed)), { min, max: min + 8 })
      // A pattern may have no text of such a length.
      if (text === undefined) return
      expect(text).toMatch(new RegExp(source, "u"))
      expect([...text].length).toBeGreaterThanOrEqual(min)
      expect([...text].length).toBeLessThanOrEqual(min + 8)
    }),
    { numRuns: 300 },
  )
})

test.each([
  ["^[a-z0-9]+(?:-[a-z0-9]+)*$", {}],
  ["^[a-z]+$", { min: 50, max: 50 }],
  ["^[a-z]*$", { max: 0 }],
  ["^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$", {}],
  ["^#[0-9a-fA-F]{6}$", { min: 7, max: 7 }],
  ["^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$", {}],
  ["foo", { min: 20 }],
  ["^.{3,}$", { min: 400 }],
  ["^(a|bb|ccc)+$", { min: 17, max: 17 }],
  ["^(?=.*[A-Z])(?=.*\\d)(?=.*[^\\w\\s]).{8,}$", {}],
  ["^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{8,12}$", { max: 8 }],
  ["^(?!\\.)(?!.*\\.\\.)[a-z.]+(?<!\\.)$", { min: 4 }],
  ["^P(?:(\\d+W)|(?!.*W)(?=\\d|T\\d)(\\d+Y)?(\\d+M)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?)?)$", {}],
  ["\\bword\\b", { min: 12 }],
  ["^\\p{Lu}\\p{Ll}+(?:[\\p{Zs}-]\\p{L}+)*$", {}],
  ["^(?=[\\s\\S]*[\\p{Extended_Pictographic}\\u20E3])[\\p{Extended_Pictographic}\\p{Emoji_Component}]+$", {}],
  ["^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$", {}],
])("a text for %s, of length %o", (source, lengths) => {
  expect(generateMatch(source, random(digest(source)), lengths)).toMatch(new RegExp(source, "u"))
})

test.each([
  ["(?P<a>a)b", "a group of an unknown kind"],
  ["(a)\\1", "'\\1'"],
  ["\\p{Letters}", "'\\p{Letters}', which is not a property"],
  ["\\pL", "'\\p', which is not a property"],
  ["(a", "a group without its ')'"],
  ["a)", "a ')' without its '('"],
  ["[a", "a class without its ']'"],
  ["[z-a]", "a range from high to low in a class"],
  ["*a", "a '*' that stands alone"],
  ["a{3,2}", "a quantifier that asks for 3 to 2 times"],
  ["a\\", "a backslash at the end"],
  ["a{99999}", "more than 10000 characters or repetitions"],
  ["((a{999}){999}){999}", "more than 10000 characters or repetitions"],
])("%s is not understood: %s", (source, why) => {
  expect(() => parsePattern(source)).toThrow(new PatternError(`the pattern '${source}' has ${why}`))
})

test("patterns on which backtracking would not end are matched at once", () => {
  expect(matches(parsePattern("^(a+)+$"), `${"a".repeat(2000)}b`)).toBe(false)
  expect(matches(parsePattern("^(a|a)*$"), `${"a".repeat(2000)}b`)).toBe(false)
  expect(matches(parsePattern("^(?:(?=.*b)a)*$"), "a".repeat(5000))).toBe(false)
  expect(matches(parsePattern("(?=(?:.*a)*c)(?<!(?:.*a)*b)"), "a".repeat(5000))).toBe(false)
})

test.each([
  ["\\p{L}\\-", "é-", true],
  ["^a{$", "a{", true],
  ["^a]}$", "a]}", true],
  ["^[\\w-z]$", "-", true],
  ["^[+-\\d]$", "-", true],
  ["^[+-\\d]$", "/", false],
  ["^[a\\-c]$", "b", false],
  ["^\\_\\é\\/$", "_é/", true],
  ["^(?:(?=a))*a$", "a", true],
  ["^(?=a)*a$", "a", true],
  ["^\\0\\x41\\u0041\\u{41}\\cA$", "\0AAA\u0001", true],
  ["^\\uD83D\\uDE00$", "😀", true],
  ["^(?<year>\\d{4})$", "2026", true],
])("%s is read as is usual: whether it matches %j", (source, text, expected) => {
  expect(matches(parsePattern(source), text)).toBe(expected)
})

test("deep and long patterns are refused before they are parsed", () => {
  const deep = "(".repeat(101)
  expect(() => parsePattern(deep)).toThrow("groups more than 100 deep")
  expect(() => parsePattern("a".repeat(100_001))).toThrow("more than 10000 characters or repetitions")
})

test("a pattern without a text of the length has none", () => {
  expect(generateMatch("^abc$", random([1, 2]), { max: 2 })).toBeUndefined()
})
