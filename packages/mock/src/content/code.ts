import { sentence, word } from "./prose.ts"
import type { Random } from "./random.ts"

/** Writes a function of a language. `name` is a lower-case word, `remark` a sentence for its comment. */
type Writer = (name: string, remark: string, draw: Random) => string

const python: Writer = (name, remark, draw) => `def ${name}(values: list[int]) -> int:
    """${remark}"""
    total = ${draw.below(10)}
    for value in values:
        total += value
    return total`

const javascript: Writer = (name, remark, draw) => `// ${remark}
export function ${name}(values) {
  return values.reduce((total, value) => total + value, ${draw.below(10)})
}`

const typescript: Writer = (name, remark, draw) => `/** ${remark} */
export function ${name}(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, ${draw.below(10)})
}`

const go: Writer = (name, remark, draw) => `// ${remark}
func ${name}(values []int) int {
	total := ${draw.below(10)}
	for _, value := range values {
		total += value
	}
	return total
}`

const rust: Writer = (name, remark, draw) => `/// ${remark}
pub fn ${name}(values: &[i64]) -> i64 {
    values.iter().sum::<i64>() + ${draw.below(10)}
}`

const java: Writer = (name, remark, draw) => `// ${remark}
static int ${name}(int[] values) {
    int total = ${draw.below(10)};
    for (int value : values) total += value;
    return total;
}`

const sql: Writer = (name, remark, draw) => `-- ${remark}
SELECT id, SUM(value) AS total
FROM ${name}
GROUP BY id
HAVING SUM(value) > ${draw.below(10)};`

const bash: Writer = (name, remark, draw) => `# ${remark}
${name}() {
  local total=${draw.below(10)}
  for value in "$@"; do total=$((total + value)); done
  echo "$total"
}`

/** By the name after the fence; the pattern is how users name the language. */
const languages: readonly { readonly name: string; readonly named: RegExp; readonly write: Writer }[] = [
  { name: "typescript", named: /\btypescript\b|\btsx?\b/i, write: typescript },
  { name: "javascript", named: /\bjavascript\b|\bjsx?\b|\bnode(?:\.js)?\b|\breact\b/i, write: javascript },
  { name: "go", named: /\bgolang\b|\bin go\b|\bgo (?:code|function|program)\b/i, write: go },
  { name: "rust", named: /\brust\b/i, write: rust },
  { name: "java", named: /\bjava\b/i, write: java },
  { name: "sql", named: /\bsql\b|\bquery\b/i, write: sql },
  { name: "bash", named: /\bbash\b|\bshell\b/i, write: bash },
  { name: "python", named: /\bpython\b/i, write: python },
]

type Language = (typeof languages)[number]

/** Returns the language that a text names; Python when it names none. */
export function languageIn(text: string): Language {
  return languages.find(({ named }) => named.test(text)) ?? (languages.at(-1) as Language)
}

/** Writes a short function, and returns it with the name of its language. */
export function code(
  { name, write }: Language,
  draw: Random,
): { readonly name: string; readonly text: string } {
  return { name, text: write(word(draw), sentence(draw), draw) }
}
