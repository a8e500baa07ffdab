import { type ProfileName, profiles } from "@nexhina/schemas"
import { type Header, headerOf, type Redactor } from "@nexhina/wire"
import { answeredOf } from "../reading/answered.ts"
import type { Finding } from "../reports/report.ts"
import { type Severity, severityOf, type Where } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { requestIdHeaders } from "../target/to-wire.ts"
import { findingId } from "./finding-id.ts"
import type { Detection } from "./judge.ts"

const excerptBytes = 600
const lenientUtf8 = new TextDecoder()
const bytesOfText = new TextEncoder()

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

/** Returns the bytes around a fault, with an ellipsis where the body was cut. */
function excerptOf(body: Uint8Array, at: Where): string {
  const offset =
    at.part === "event" || at.part === "body" ? (at.offset ?? 0) : at.part === "end" ? body.length : 0
  const from = Math.max(0, Math.min(offset - 100, body.length - excerptBytes))
  const text = lenientUtf8.decode(body.subarray(from, from + excerptBytes))
  return `${from > 0 ? "…" : ""}${text}${from + excerptBytes < body.length ? "…" : ""}`
}

/** Maximum length of a request that is shown whole. */
const maxRequestBytes = 100_000

function requestText(body: Uint8Array): string {
  if (body.length <= maxRequestBytes) return lenientUtf8.decode(body)
  return `${lenientUtf8.decode(body.subarray(0, excerptBytes))}… (${body.length} bytes)`
}

const shellQuoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** Headers that curl sends by itself, or that the command contains in another form. */
const curlKnows = new Set([
  "accept",
  "accept-encoding",
  "authorization",
  "connection",
  "content-length",
  "host",
  "user-agent",
])

/** Returns the body as an argument. A body that is not text (a file in a form) is piped. */
function curlBody(text: string, body: Uint8Array): { readonly pipe: string; readonly argument: string } {
  const isText = body.length > maxRequestBytes || Buffer.compare(bytesOfText.encode(text), body) === 0
  return isText
    ? { pipe: "", argument: shellQuoted(text) }
    : { pipe: `echo ${Buffer.from(body).toString("base64")} | base64 -d | `, argument: "@-" }
}

function curlOf(request: Finding["request"], bytes: Uint8Array): string {
  const headers = request.headers.filter(([name]) => !curlKnows.has(name))
  const auth = request.headers.some(([name]) => name === "authorization")
    ? [` -H "Authorization: Bearer $NEXHINA_API_KEY"`]
    : []
  const { pipe, argument } = curlBody(request.body, bytes)
  return [
    `${pipe}curl -sN${request.method === "GET" ? "" : ` -X ${request.method}`} ${shellQuoted(request.url)}`,
    ...auth,
    ...headers.map(([name, value]) => ` -H ${shellQuoted(`${name}: ${value}`)}`),
    ...(request.body === "" ? [] : [` --data-binary ${argument}`]),
  ].join(" \\\n ")
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

/** Creates the finding for the report: everything that is needed to reproduce the fault, without secrets. */
export function findingOf(
  found: Detection,
  facts: {
    readonly known: TargetFacts
    readonly severity: Severity
    readonly verdict: Finding["verdict"]
    readonly times: number
    readonly foundAfter: number
    readonly seed: number
    readonly redactor: Redactor
  },
): Finding {
  const { rule, fault } = found
  const { known, severity, verdict, times, foundAfter, seed, redactor } = facts
  const exchange = redactor.exchange(found.exchange)
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
      excerpt: excerptOf(answeredOf({ ...found.exchange, ...exchange })?.body ?? new Uint8Array(), fault.at),
    },
    curl: curlOf(request, exchange.request.body),
    replay: `nexhina-conformance run --rule ${rule.id} --seed ${seed}`,
    ...(requestId !== undefined && { requestId }),
    ...(otherProfile && { otherProfile }),
    see: [...(rule.see ?? [])],
  }
}
