import { type Header, headersOf } from "@nexhina/wire"
import { isDateText } from "../reading/date-text.ts"
import { shown } from "../reading/shown.ts"
import type { Fault } from "../rule.ts"

export const rateLimitFaults = {
  "not-a-number": "the limit, or what remains of it, is not a number",
  "above-limit": "more remains than the limit allows",
  "no-time": "the time of the reset is not a duration, a number or a date",
} as const

type RateLimitFault = Fault<keyof typeof rateLimitFaults>

/** What is limited, as the names of the headers end. */
const limitedThings = ["requests", "tokens"] as const

const numeral = /^[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i

/** `1s`, `6m0s`, `20ms` and `8.64s`, as OpenAI writes them, and other units. */
const duration = /^[-+]?(?:\d+(?:\.\d+)?(?:w|d|h|m|s|ms|us|µs|ns))+$/i

const isTime = (text: string) => numeral.test(text) || duration.test(text) || isDateText(text)

/**
 * Returns a header's value as clients read it: repeated headers are joined, unless they agree. Undefined where it is
 * absent or empty.
 */
function fieldValue(headers: readonly Header[], name: string): string | undefined {
  const values = headersOf(headers, name).map((value) => value.trim())
  return [...new Set(values)].join(", ") || undefined
}

function faultsOf(headers: readonly Header[], thing: (typeof limitedThings)[number]): RateLimitFault[] {
  const field = (fact: "limit" | "remaining" | "reset") => {
    const name = `x-ratelimit-${fact}-${thing}`
    return { name, value: fieldValue(headers, name) }
  }
  const fault = (
    name: RateLimitFault["fault"],
    of: ReturnType<typeof field>,
    expected: string,
  ): RateLimitFault => ({
    fault: name,
    at: { part: "header", name: of.name },
    expected,
    actual: shown(of.value),
  })
  const [limit, remaining, reset] = [field("limit"), field("remaining"), field("reset")]
  const faults = [limit, remaining]
    .filter(({ value }) => value !== undefined && !numeral.test(value))
    .map((each) => fault("not-a-number", each, "a number"))
  // Some servers write -1 or 0 where nothing is limited.
  if (Number(limit.value) > 0 && Number(remaining.value) > Number(limit.value))
    faults.push(fault("above-limit", remaining, `at most ${limit.value}`))
  if (reset.value !== undefined && !isTime(reset.value))
    faults.push(fault("no-time", reset, "a duration such as 6m0s, a number of seconds, or a date"))
  return faults
}

/** Returns how the rate limits that a response states contradict one another, or cannot be read. */
export const rateLimitFaultsOf = (headers: readonly Header[]): RateLimitFault[] =>
  limitedThings.flatMap((thing) => faultsOf(headers, thing))
