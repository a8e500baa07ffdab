import pc from "picocolors"
import { matches, UsageError } from "../options/options.ts"
import { ascii, columns, wrapped } from "../reports/layout.ts"
import type { Rule } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import { isUtf8, print } from "./report-output.ts"

/** What `rules` shows of a rule. */
function ruleFacts(rule: Rule) {
  return {
    id: rule.id,
    since: rule.since,
    says: rule.says,
    surface: rule.on.surface,
    looksAt: rule.on.says,
    source: rule.source,
    after: rule.after ?? [],
    faults: rule.faults,
    see: rule.see ?? [],
  }
}

/** Returns everything about a rule as text. */
function ruleText(fact: ReturnType<typeof ruleFacts>): string {
  const lines = [
    pc.bold(fact.id),
    wrapped(fact.says, ""),
    "",
    wrapped(fact.source, "source    "),
    `since     ${fact.since}`,
    wrapped(fact.looksAt, "looks at  "),
    ...(fact.after.length > 0 ? [wrapped(fact.after.join(", "), "rests on  ")] : []),
    "faults",
    ...Object.entries(fact.faults).map(([name, means]) => wrapped(`${name}: ${means}`, "  ", "    ")),
    ...(fact.see.length > 0 ? ["see", ...fact.see.map((thread) => `  ${thread}`)] : []),
  ]
  return lines.join("\n")
}

/** Returns a line for each rule, or two where the id leaves too little room for the sentence. */
function ruleTable(facts: readonly ReturnType<typeof ruleFacts>[]): string {
  const width = Math.min(columns / 2 - 8, Math.max(...facts.map(({ id }) => id.length)))
  return facts
    .map(({ id, says }) =>
      id.length > width
        ? `${id}\n${wrapped(says, " ".repeat(width + 2))}`
        : wrapped(says, `${id.padEnd(width)}  `, " ".repeat(width + 2)),
    )
    .join("\n")
}

/** Carries out `rules`, and returns its exit code. A pattern without `*` names one rule, which is shown in full. */
export async function listRules(pattern: string | undefined, { json }: { json?: boolean }): Promise<number> {
  const listed = rules.filter((rule) => pattern === undefined || matches(pattern, rule.id))
  if (listed.length === 0)
    throw new UsageError(`no rule matches '${pattern}'; 'nexhina-conformance rules' lists them`)
  const facts = listed.map(ruleFacts)
  const isOne = pattern !== undefined && !pattern.includes("*")
  const text = json
    ? JSON.stringify(facts, null, 2)
    : isOne
      ? facts.map(ruleText).join("\n")
      : ruleTable(facts)
  await print(`${json || isUtf8 ? text : ascii(text)}\n`)
  return 0
}
