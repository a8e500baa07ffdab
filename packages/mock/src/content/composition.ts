import { code, languageIn } from "./code.ts"
import { sentence, title, word } from "./prose.ts"
import type { Random } from "./random.ts"

/** Only this many characters at the end of what the user said are searched for a form. */
const searched = 2_000

/** Most items, paragraphs and words that are written (chosen). */
const maxItems = 50
const maxParagraphs = 20
const maxWords = 3_000

const usualItems = 5
const usualParagraphs = 4
const sentencesOfParagraph = 4

/**
 * Returns a text in the form that the user asks for in plain English: code, a table, a list or an article, as long as
 * asked ("ten ideas", "300 words"). Returns undefined when no form is asked for.
 */
export function compose(userText: string, draw: Random): string | undefined {
  const asked = userText.slice(-searched)
  const ordered = asked.search(order)
  if (ordered === -1) return undefined
  const what = asked.slice(ordered)
  return forms.find(([nouns]) => nouns.test(what))?.[1](asked, draw)
}

const order =
  /\b(?:write|show|give|generate|create|make|draft|list|name|suggest|explain|describe|discuss|implement)\b/i

/** By the nouns that name them, in the order in which they are looked for. */
const forms: readonly (readonly [nouns: RegExp, write: (asked: string, draw: Random) => string])[] = [
  [/\b(?:code|function|script|program|class|snippet|component|query|algorithm)\b/i, codeAnswer],
  [/\b(?:table|columns)\b/i, table],
  [/\b(?:lists?|bullets?|ideas|steps|items|examples|reasons|tips|names|options)\b/i, list],
  [
    /\b(?:article|essay|story|post|report|markdown|document|letter|\d+ words|paragraphs?|in (?:\w+ )?detail|in depth|at length)\b/i,
    article,
  ],
]

function codeAnswer(asked: string, draw: Random): string {
  const { name, text } = code(languageIn(asked), draw)
  return `${sentence(draw)}\n\n\`\`\`${name}\n${text}\n\`\`\`\n\n${sentence(draw)}`
}

function table(asked: string, draw: Random): string {
  const rows = Math.min(numberBefore(asked, "rows?") ?? usualItems, maxItems)
  const cells = (first: string, second: string, third: string) => `| ${first} | ${second} | ${third} |`
  const body = times(rows, () => cells(word(draw), sentence(draw), String(draw.below(100))))
  return [cells("Name", "What it does", "Count"), cells("---", "---", "---:"), ...body].join("\n")
}

function list(asked: string, draw: Random): string {
  const count = numberBefore(asked, "\\w+") ?? usualItems
  const isOrdered = /\b(?:steps|numbered|ordered)\b/i.test(asked)
  const items = times(Math.min(count, maxItems), (at) => {
    return `${isOrdered ? `${at + 1}.` : "-"} **${title(draw)}**: ${sentence(draw)}`
  })
  return items.join("\n")
}

function article(asked: string, draw: Random): string {
  const words = numberBefore(asked, "words?")
  const heading = `# ${title(draw)}`
  if (words !== undefined) return `${heading}\n\n${paragraphsOf(Math.min(words, maxWords), draw)}`
  const count = Math.min(numberBefore(asked, "paragraphs?") ?? usualParagraphs, maxParagraphs)
  const sections = times(count, (at) => {
    const paragraph = times(sentencesOfParagraph, () => sentence(draw)).join(" ")
    return at > 0 && at % 2 === 0 ? `## ${title(draw)}\n\n${paragraph}` : paragraph
  })
  return [heading, ...sections].join("\n\n")
}

/** Returns paragraphs with this many words, to within a sentence. */
function paragraphsOf(words: number, draw: Random): string {
  const sentences: string[] = []
  let count = 0
  while (count < words) {
    const next = sentence(draw)
    count += next.split(" ").length
    sentences.push(next)
  }
  const paragraphs: string[] = []
  for (let at = 0; at < sentences.length; at += sentencesOfParagraph) {
    paragraphs.push(sentences.slice(at, at + sentencesOfParagraph).join(" "))
  }
  return paragraphs.join("\n\n")
}

const numbers = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]

/** Returns the number, in digits or in words, that stands before a noun; `undefined` if no number above 0 does. */
function numberBefore(asked: string, noun: string): number | undefined {
  const found = new RegExp(`\\b(\\d{1,5}|${numbers.join("|")})[ -]${noun}\\b`, "i").exec(asked)?.[1]
  if (found === undefined) return undefined
  const named = numbers.indexOf(found.toLowerCase())
  return (named === -1 ? Number(found) : named + 2) || undefined
}

const times = (count: number, make: (at: number) => string): string[] =>
  Array.from({ length: count }, (_, at) => make(at))
