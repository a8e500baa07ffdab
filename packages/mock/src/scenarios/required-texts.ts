import type { Pattern } from "../json-schema/parse-pattern.ts"

/** Returns texts that every match of a pattern contains. */
export function requiredTexts(pattern: Pattern): string[] {
  const nodes = pattern.kind === "sequence" ? pattern.nodes : [pattern]
  const texts: string[] = []
  let run = ""
  for (const node of nodes) {
    const character = node.kind === "set" ? onlyCharacter(node) : undefined
    if (character !== undefined) {
      run += character
      continue
    }
    texts.push(run)
    run = ""
    if (node.kind === "sequence") texts.push(...requiredTexts(node))
    if (node.kind === "repeat" && node.min > 0) texts.push(...requiredTexts(node.node))
  }
  return [...texts, run].filter((text) => text !== "")
}

function onlyCharacter({
  ranges,
  properties,
  negated,
}: Extract<Pattern, { kind: "set" }>): string | undefined {
  const [range] = ranges
  if (negated || properties.length > 0 || ranges.length !== 1 || range?.[0] !== range?.[1]) return undefined
  return range && String.fromCodePoint(range[0])
}
