import { type ProfileName, profiles } from "@nexhina/schemas"
import { bodyOf, type Exchange, type Header, headerOf, type Redactor } from "@nexhina/wire"
import type { Evidence } from "../evidence.ts"
import { readingOf } from "../reading/answered.ts"
import type { Finding } from "../reports/report.ts"
import { type Severity, severityOf, type Where } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { requestIdHeaders, type Target } from "../target/to-wire.ts"
import { curlOf } from "./curl.ts"
import { faultOffset } from "./fault-range.ts"
import { findingId } from "./finding-id.ts"
import type { Detection } from "./judge.ts"

const excerptBytes = 600
const lenientUtf8 = new TextDecoder()

function whereText(at: Where): string {
  switch (at.part) {
    case "status":
      return "status"
    case "header":
      return `header ${at.name}`
    case "body":
      return `body${at.pointer ? ` ${at.pointer}` : ""}${at.offset === undefined ? "" : `, byte ${at.offset}`}`
    case "event":
      return `event ${at.event}${at.pointer ? ` ${at.pointer}` : ""}, byte ${at.offset}`
    case "end":
      return "end of the body"
  }
}

/** Moves an offset back to the beginning of its UTF-8 character, if there is one: it has four bytes at most. */
function characterStart(body: Uint8Array, offset: number): number {
  if (offset === body.length) return offset
  const back = [0, 1, 2, 3].find((bytes) => ((body[offset - bytes] ?? 0x80) & 0xc0) !== 0x80)
  return offset - (back ?? 0)
}

/** Number of bytes around an excerpt that are searched for secrets: more than any spelling of a secret takes. */
const redactionMargin = 2 ** 16

/** An exchange with its secrets redacted, and the bytes of its body around a fault. */
interface ShownExchange {
  readonly exchange: Exchange
  /** An ellipsis stands where the body was cut. */
  readonly excerpt: string
}

/** Redacts an exchange, of its body only the bytes around a fault: a body can be large. */
function shownExchange(exchange: Evidence, at: Where, redactor: Redactor): ShownExchange {
  const { response } = exchange
  if (!response) return { exchange: redactor.exchange(exchange), excerpt: "" }
  const body = readingOf(exchange)?.body ?? new Uint8Array()
  const offset = faultOffset(body, at)
  const from = characterStart(body, Math.max(0, Math.min(offset - 100, body.length - excerptBytes)))
  const to = characterStart(body, Math.min(body.length, from + excerptBytes))
  const start = Math.max(0, from - redactionMargin)
  const window = body.subarray(start, to + redactionMargin)
  const shown = redactor.exchange({
    ...exchange,
    response: { ...response, chunks: [{ atMs: 0, bytes: window }] },
  })
  const text = lenientUtf8.decode(bodyOf(shown).subarray(from - start, to - start))
  return { exchange: shown, excerpt: `${from > 0 ? "…" : ""}${text}${to < body.length ? "…" : ""}` }
}

/** Maximum length of a request that is shown whole. */
const maxRequestBytes = 100_000

function requestText(body: Uint8Array): string {
  if (body.length <= maxRequestBytes) return lenientUtf8.decode(body)
  return `${lenientUtf8.decode(body.subarray(0, excerptBytes))}… (${body.length} bytes)`
}

/** Returns the profile, other than the run's own, under which the rule does not find the fault. */
function otherProfileOf({ rule, fault, exchange }: Detection, known: TargetFacts): ProfileName | undefined {
  const view = rule.on.of(exchange)
  return (Object.keys(profiles) as ProfileName[]).find((name) => {
    if (name === known.profileName) return false
    const other: TargetFacts = { ...known, profileName: name, profile: profiles[name] }
    if (severityOf(rule, other) === "not-applicable") return true
    if (rule.scope !== undefined && rule.scope !== "exchange") return false
    const faults = rule.holds(view, other)
    return !("undecided" in faults) && !faults.some((each) => each.fault === fault.fault)
  })
}

/**
 * Returns the requests that show a fault as command lines: one, or all of the sample where the fault lies in a
 * comparison of its replies.
 */
function curlsOf(
  { rule, exchange, executed }: Detection,
  { redactor, target }: { readonly redactor: Redactor; readonly target: Pick<Target, "apiKey"> },
): string {
  const shown = rule.scope === "group" ? executed.asked.map((each) => each.exchange) : [exchange]
  return shown
    .map((each) => {
      const { response: _, ...asked } = each
      return curlOf(each, redactor.exchange(asked).request, target)
    })
    .join("\n")
}

/** Creates the finding for the report: everything that is needed to reproduce the fault, without secrets. */
export function findingOf(
  found: Detection,
  facts: {
    readonly known: TargetFacts
    readonly severity: Severity
    readonly verdict: Finding["verdict"]
    readonly times: number
    readonly foundAfter: number
    readonly redactor: Redactor
    readonly target: Pick<Target, "apiKey">
    /** Returns the command that shows the finding again. */
    readonly replay: (found: Detection) => string
  },
): Finding {
  const { rule, fault } = found
  const { known, severity, verdict, times, foundAfter, redactor } = facts
  const { exchange, excerpt } = shownExchange(found.exchange, fault.at, redactor)
  const stated = found.exchange.fault.value
  const headerList = (headers: readonly Header[]): [string, string][] =>
    headers.map(([name, value]) => [name.toLowerCase(), value])
  const responseHeaders = exchange.response?.headers ?? []
  const request: Finding["request"] = {
    method: exchange.request.method,
    url: exchange.request.target,
    headers: headerList(exchange.request.headers),
    body: requestText(exchange.request.body),
    ...(stated && { fault: redactor.text(stated.says) }),
  }
  const requestId = requestIdHeaders.map((name) => headerOf(responseHeaders, name)).find((id) => id)
  const otherProfile = otherProfileOf(found, known)
  return {
    id: redactor.text(findingId(found)),
    rule: rule.id,
    fault: fault.fault,
    severity,
    verdict,
    surface: rule.on.surface,
    operation: found.exchange.operation.value ?? "unknown",
    says: rule.says,
    source: rule.source,
    means: rule.faults[fault.fault] ?? fault.fault,
    expected: redactor.text(fault.expected),
    actual: redactor.text(fault.actual),
    where: redactor.text(whereText(fault.at)),
    times,
    foundAfter,
    request,
    evidence: {
      ...(exchange.response && { status: exchange.response.status }),
      headers: headerList(responseHeaders),
      end: `${exchange.end.kind}${exchange.end.code ? ` (${exchange.end.code})` : ""}`,
      excerpt,
    },
    curl: curlsOf(found, facts),
    replay: redactor.text(facts.replay(found)),
    ...(requestId !== undefined && { requestId }),
    ...(otherProfile && { otherProfile }),
    see: [...(rule.see ?? [])],
  }
}
