import { endpoints } from "@nexhina/schemas"
import { expectationOf } from "@nexhina/wire"
import { type Document, isNode, LineCounter, parseDocument } from "yaml"
import { z } from "zod"
import { type FindingIdParts, findingIdParts, stableMember, stablePointer } from "../engine/finding-id.ts"
import { nearestName } from "../options/nearest-name.ts"
import { UsageError } from "../options/options.ts"
import { Waiver } from "../reports/report.ts"
import { rules } from "../rules/rules.ts"

/** A finding that does not fail a run. */
export const BaselineEntry = z
  .strictObject({
    id: z.string().describe("Id of the finding, as in a report."),
    ...Waiver.shape,
    reason: z.string().min(1).describe("Why the finding is accepted."),
    owner: z.string().min(1).optional().describe("Who answers for it."),
    shownBy: z
      .string()
      .optional()
      .describe(
        "Written by `--update-baseline`: the probe or rule whose requests showed the finding. A run that does not send them does not report the entry as stale.",
      ),
  })
  .meta({ id: "BaselineEntry" })
export type BaselineEntry = z.infer<typeof BaselineEntry>

/** The content of a baseline file. */
const BaselineFile = z
  .strictObject({ $schema: z.string().optional(), findings: z.array(BaselineEntry) })
  .meta({ id: "ConformanceBaseline", description: "Findings that do not fail a run, each with a reason." })

/** Returns the JSON Schema of a baseline, as published in `baseline.schema.json`. */
export function baselineSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(BaselineFile), null, 2)}\n`
}

/** A baseline as it was read. */
export interface Baseline {
  readonly file: string
  readonly entries: readonly (BaselineEntry & { readonly line: number })[]
  /** The file with its comments and its order. */
  readonly document: Document
}

/** Returns why no finding has an id, if so. */
export function problemOfId(id: string): string | undefined {
  const parts = findingIdParts(id)
  if (!parts) return `'${id}' is not the id of a finding; expected rule:fault@operation#pointer~member`
  const rule = rules.find((each) => each.id === parts.rule)
  if (!rule)
    return unknownName(
      "rule",
      parts.rule,
      rules.map((each) => each.id),
    )
  const faults = Object.keys(rule.faults)
  if (!faults.includes(parts.fault)) return unknownName(`fault of ${rule.id}`, parts.fault, faults)
  const operations = [...Object.keys(endpoints), "unknown"]
  return operations.includes(parts.operation)
    ? problemOfMembers(parts)
    : unknownName("operation", parts.operation, operations)
}

/** Returns why no finding has these members, if so: of arrays and of free keys, an id has no indexes and names. */
function problemOfMembers({ pointer, member }: FindingIdParts): string | undefined {
  const stable = { reply: `#${stablePointer(pointer.slice(1))}`, request: stableMember(member) }
  if (pointer && !pointer.startsWith("#/")) return `the member of the reply '${pointer}' must begin with '#/'`
  if (pointer && pointer !== stable.reply)
    return `ids name this member of the reply '${stable.reply}', not '${pointer}'`
  return member === stable.request
    ? undefined
    : `ids name this member of the request '${stable.request}', not '${member}'`
}

function unknownName(kind: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return `unknown ${kind} '${name}'${nearest === undefined ? "" : `. Did you mean '${nearest}'?`}`
}

/** Returns what Zod found, in the words of a baseline. */
function issueText(issue: z.core.$ZodIssue): string {
  const { code, path } = issue
  const member = path.at(-1)
  if (path.length === 0 && code !== "unrecognized_keys") return "expected an object with a list 'findings'"
  const text = expectationOf(issue)
  return typeof member === "string" ? `${member}: ${text}` : text
}

/** Returns whether a value is an object without findings. */
const isEmpty = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  (!("findings" in value) || value.findings === null)

/**
 * Parses a baseline in YAML or JSON.
 * @throws {UsageError} naming file, line, fault and remedy.
 */
export function parseBaseline(text: string, file: string): Baseline {
  const lines = new LineCounter()
  const lineOf = (offset: number) => Math.max(1, lines.linePos(offset).line)
  const fail = (offset: number, message: string) => {
    throw new UsageError(`--baseline: ${file}:${lineOf(offset)}: ${message}`)
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken) fail(broken.pos[0], broken.message)
  const offsetOf = (path: readonly PropertyKey[]): number => {
    const node = path.length === 0 ? document.contents : document.getIn(path, true)
    if (isNode(node) && node.range) return node.range[0]
    return path.length === 0 ? 0 : offsetOf(path.slice(0, -1))
  }
  const value: unknown = document.toJS() ?? {}
  const parsed = BaselineFile.safeParse(isEmpty(value) ? { ...value, findings: [] } : value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    if (issue) fail(offsetOf(issue.path), issueText(issue))
    throw parsed.error
  }
  const { findings } = parsed.data
  for (const [at, { id }] of findings.entries()) {
    const problem =
      problemOfId(id) ??
      (findings.findIndex((entry) => entry.id === id) < at
        ? `'${id}' is listed twice; remove one`
        : undefined)
    if (problem !== undefined) fail(offsetOf(["findings", at, "id"]), problem)
  }
  const entries = findings.map((entry, at) => ({ ...entry, line: lineOf(offsetOf(["findings", at])) }))
  return { file, entries, document }
}
