import {
  type Document,
  type ErrorCode,
  isMap,
  isNode,
  isPair,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml"
import { nearestName } from "../nearest-name.ts"
import type { KnownAlterations } from "../response/alterations.ts"
import { checkScenarios, idOf, type ScenarioProblem, sentence, shownId } from "./check.ts"
import { idsInSource } from "./ids-in-source.ts"
import { fileOf, imagesOf, replacedAt } from "./images.ts"
import type { Scenario } from "./scenario.ts"
import { pathText } from "./schema-members.ts"

/** The text of a file of scenarios, in YAML or JSON. */
export interface ScenarioText {
  /** Name of the file, for messages. */
  readonly name: string
  readonly text: string
}

/** Scenarios from code, such as a TypeScript file exports. */
export interface ScenarioValues {
  readonly name: string
  readonly scenarios: readonly unknown[]
  /** Text of the file, in which the lines of scenarios are looked up by their ids. Default: messages have no lines. */
  readonly source?: string
}

/** Scenarios that were read, and the place of each, for `scenarios.replace`. */
export interface ReadScenarios {
  readonly scenarios: readonly Scenario[]
  /** File and line of each scenario. */
  readonly places: readonly string[]
  /** What is wrong, each with file, line, column, the key and the remedy. Empty when the scenarios can be used. */
  readonly problems: readonly string[]
}

/** Returns the bytes of a file in base64. Throws an error that says why it cannot be read. */
export type ReadImage = (
  /** Name of the file of scenarios, which the path is relative to. */
  name: string,
  path: string,
) => string

/** One scenario and where it comes from. */
interface Source {
  /** Name of its file. */
  readonly name: string
  readonly value: unknown
  /** Returns file, line and column of a path within the scenario; for scenarios from code, file and index of the scenario. */
  place(path: readonly (string | number)[]): string
}

/**
 * Reads scenarios from the texts of files. Checks them together: an id may occur once, and no scenario may hide another.
 * `alterations` are the defects and variants that scenarios may name; without it, their ids are not checked. Without
 * `readImage`, images cannot refer to files.
 */
export function readScenarios(
  files: readonly (ScenarioText | ScenarioValues)[],
  alterations?: KnownAlterations,
  readImage?: ReadImage,
): ReadScenarios {
  const problems: string[] = []
  const read = files.flatMap((file) => ("text" in file ? readText(file, problems) : readValues(file)))
  const sources = readImage ? read.map((source) => withImages(source, readImage, problems)) : read
  const placeOf = (index: number) => sources[index]?.place([]).replace(/:\d+$/, "") ?? ""
  const values = sources.map(({ value }) => value)
  const checked = checkScenarios(values, placeOf, alterations)
  if ("problems" in checked) problems.push(...checked.problems.map((problem) => described(problem, sources)))
  // Without a problem they are scenarios.
  const scenarios = problems.length > 0 ? [] : (values as Scenario[])
  return { scenarios, places: scenarios.map((_, index) => placeOf(index)), problems }
}

/** Returns a source with the files that its images refer to. */
function withImages(source: Source, readImage: ReadImage, problems: string[]): Source {
  const value = imagesOf(source.value).reduce<unknown>((whole, image) => {
    const file = fileOf(image.value)
    if (file === undefined) return whole
    try {
      return replacedAt(whole, image.path, readImage(source.name, file))
    } catch (error) {
      problems.push(
        `${source.place(image.path)}: ${pathText(image.path).slice(1)}: ${(error as Error).message}.`,
      )
      // Valid, so that the fault is named once.
      return replacedAt(whole, image.path, "")
    }
  }, source.value)
  return { ...source, value }
}

function described({ path, message, other }: ScenarioProblem, sources: readonly Source[]): string {
  const [index, ...inner] = path
  const place = sources[Number(index)]?.place(inner)
  const member = inner.length === 0 ? "" : `${pathText(inner).slice(1)}: `
  const first = other === undefined ? "" : ` (the other one: ${sources[other]?.place([])})`
  return `${place}: ${member}${sentence(message + first)}`
}

function readValues({ name, scenarios, source = "" }: ScenarioValues): Source[] {
  const lineOf = idsInSource(source)
  return scenarios.map((value, index) => {
    const id = idOf(value)
    const place = () => {
      const line = id === undefined ? undefined : lineOf(id)
      const shown = id === undefined ? "" : ` '${shownId(id)}'`
      return `${name}${line === undefined ? "" : `:${line}`} [${index}]${shown}`
    }
    return { name, value, place }
  })
}

/** What the parser finds where a text that needs quotes has none, or goes on after its quotes. */
const textErrors: ReadonlySet<ErrorCode> = new Set([
  "BAD_ALIAS",
  "BAD_SCALAR_START",
  "BLOCK_AS_IMPLICIT_KEY",
  "BLOCK_IN_FLOW",
  "MISSING_CHAR",
  "MULTILINE_IMPLICIT_KEY",
  "TAG_RESOLVE_FAILED",
  "UNEXPECTED_TOKEN",
])

const quotesHint =
  "Put a text in quotes that contains ': ' or ' #', or begins with a character such as '{', '[', '*', '!', '@' or a quote"

/** Says in terms of the file what the parser found. */
function syntaxMessage({ code, message, pos: [at] }: YAMLError, text: string): string {
  if (textErrors.has(code)) return `${message}. ${quotesHint}`
  if (code === "BAD_DQ_ESCAPE") {
    return `${message}. Use single quotes, or write two backslashes in double quotes`
  }
  if (code === "MULTIPLE_DOCS") {
    return "expected one YAML document, but another one begins here. Remove the line '---'"
  }
  if (code !== "DUPLICATE_KEY") return message
  const key = /^(?:"[^"\n]*"|'[^'\n]*'|[^:\n]*)/.exec(text.slice(at, at + maxKeyLength))?.[0] ?? ""
  return `the key '${key.trim()}' is given twice. Remove one of them`
}

/** Number of characters of a key that a message shows. */
const maxKeyLength = 64

function readText({ name, text }: ScenarioText, problems: string[]): Source[] {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    lineCounter,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: "error",
  })
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset)
    return `${name}:${line}:${col}`
  }
  // A warning is about a tag, such as `!hello`, which would be left out of the text.
  const [error] = [...document.errors, ...document.warnings]
  if (error) {
    problems.push(`${at(error.pos[0])}: ${syntaxMessage(error, text)}.`)
    return []
  }
  const place = (path: readonly (string | number)[]) => at(offsetOf(document, path))
  const value = toValue(document, (offset, message) => problems.push(`${at(offset)}: ${message}.`))
  const file = listIn(value)
  if ("message" in file) {
    problems.push(`${place(file.path)}: ${file.message}`)
    return []
  }
  return file.list.map((scenario, index) => ({
    name,
    value: scenario,
    place: (path) => place(["scenarios", index, ...path]),
  }))
}

interface FileFault {
  readonly path: readonly string[]
  readonly message: string
}

/** Returns the scenarios in the value of a file, or why it is not a file of scenarios. */
function listIn(value: unknown): { readonly list: readonly unknown[] } | FileFault {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { path: [], message: "expected an object with the key 'scenarios', which is a list." }
  }
  const unknown = Object.keys(value).find((key) => key !== "scenarios" && key !== "$schema")
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, ["scenarios", "$schema"])
    const hint = nearest ? `Did you mean '${nearest}'?` : "The list of scenarios belongs under 'scenarios'."
    return { path: [unknown], message: `unknown key '${unknown}'. ${hint}` }
  }
  const list: unknown = "scenarios" in value ? value.scenarios : undefined
  return Array.isArray(list) ? { list } : { path: ["scenarios"], message: "'scenarios' must be a list." }
}

/** Returns the value of a document. An alias without an anchor, or one that expands to too much, is a problem. */
function toValue(document: Document, report: (offset: number, message: string) => void): unknown {
  let hasAnchors = true
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined
      hasAnchors = false
      report(alias.range?.[0] ?? 0, `the alias '*${alias.source}' has no anchor. ${quotesHint}`)
      return visit.BREAK
    },
  })
  if (!hasAnchors) return { scenarios: [] }
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    report(0, error.message)
    return { scenarios: [] }
  }
}

/** Returns where the key of a path stands in a document, or the nearest thing around it. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (each) => isPair(each) && isNode(each.key) && String(each.key) === String(key),
      )
      if (pair === undefined) return offset
      offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset
    } else return offset
  }
  return offset
}
