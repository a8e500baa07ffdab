import { Refusal } from "../refusal.ts"
import { type Difference, differences } from "./difference.ts"
import type { Lookup } from "./library.ts"
import type { MatchedRequest } from "./matched-request.ts"

/** Maximum number of recordings that are compared with a request that matches none of them (chosen). */
const maxCompared = 200
/** Differences that are counted to find the nearest recording, and that are shown of it (chosen). */
const maxCounted = 50
const maxShown = 3
/** Characters of a value that are shown (chosen). */
const maxShownText = 80

/** Returns the error for a request that no recording answers: the nearest recording, and where it differs. */
export function missOf(lookup: Exclude<Lookup, { readonly kind: "found" }>): Refusal {
  if (lookup.kind === "unknown-name") {
    return refusal(`There is no recording named ${shown(lookup.name)}. Recorded: ${listed(lookup.names)}.`)
  }
  const { asked, candidates } = lookup
  const title = `No recording matches ${asked.method} ${asked.path}.`
  const alike = candidates.filter(
    ({ matched }) => matched.method === asked.method && sharesPath(matched, asked),
  )
  if (alike.length === 0) {
    const operations = new Set(candidates.map(({ matched }) => `${matched.method} ${matched.path}`))
    return refusal(`${title} Recorded: ${listed([...operations])}.`)
  }
  const [nearest] = alike
    .slice(-maxCompared)
    .map((recording) => ({ recording, differing: differencesOf(recording.matched, asked) }))
    .sort((a, b) => a.differing.length - b.differing.length)
  if (!nearest) return refusal(title)
  const { recording, differing } = nearest
  const more = differing.length - maxShown
  const where = differing.slice(0, maxShown).map(described).join("; ")
  return refusal(
    `${title} The nearest one is exchange ${shown(recording.exchange.id)} of ${shown(recording.name)}. ` +
      `It differs at ${where}${more > 0 ? `; and at ${more} more` : ""}.`,
    differing[0]?.pointer,
  )
}

const sharesPath = (recorded: MatchedRequest, asked: MatchedRequest) => recorded.path.endsWith(asked.path)

/** Returns the differences in the query, whose pointers begin with `?`, and those in the body. */
function differencesOf(recorded: MatchedRequest, asked: MatchedRequest): Difference[] {
  const inQuery = differences(recorded.query, asked.query, maxCounted)
  return [
    ...inQuery.map((difference) => ({ ...difference, pointer: difference.pointer.replace("/", "?") })),
    ...differences(recorded.body, asked.body, maxCounted),
  ]
}

function refusal(message: string, param?: string): Refusal {
  return new Refusal(400, {
    message,
    code: "recording_miss",
    ...(param !== undefined && { param }),
    headers: [["x-mock-miss", "recording"]],
  })
}

function described({ pointer, ...values }: Difference): string {
  const { expected, actual } = values
  const from = typeof expected === "string" && typeof actual === "string" ? commonLength(expected, actual) : 0
  const recorded = "expected" in values ? shown(expected, from) : "nothing"
  const received = "actual" in values ? shown(actual, from) : "nothing"
  return `${pointer === "" ? "the whole body" : pointer} (recorded: ${recorded}, received: ${received})`
}

function commonLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

/** Returns a value as JSON, cut to what surrounds the character `from` of a text. */
function shown(value: unknown, from = 0): string {
  const start = Math.max(0, from - maxShownText / 4)
  const json =
    typeof value === "string" && start > 0 ? `…${JSON.stringify(value.slice(start))}` : JSON.stringify(value)
  return json.length > maxShownText ? `${json.slice(0, maxShownText)}…` : json
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing"
  const first = names.slice(0, 10).join(", ")
  return names.length > 10 ? `${first}, and ${names.length - 10} more` : first
}
