import { headerOf, type Redaction } from "@nexhina/wire"
import { type Evidence, isRedirect } from "../evidence.ts"
import type { ParsedReply } from "../reading/answered.ts"
import { type Fault, rule, type Severity, type Undecided, type Where } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { wrongKey } from "../target/to-wire.ts"
import { missingKeyAnswers, wrongKeyAnswers } from "../views/auth.ts"
import { everyResponse, isSuccess } from "../views/http.ts"

const since = "0.1.0"
const source = "Authentication"

/** How a key is refused means something only where one is asked for. */
const whereRequired =
  (severity: Severity) =>
  ({ auth, traits }: TargetFacts): Severity | "not-applicable" =>
    auth === "required" && !traits.has("no-auth") ? severity : "not-applicable"

/**
 * A target that answers a chat without a key although the run was given one requires none. The gateway's guide
 * forbids that; a compatible server may be meant to be open, which the trait `no-auth` states.
 */
const whereKeyGiven = (known: TargetFacts): Severity | "not-applicable" => {
  if (known.auth !== "open") return whereRequired("MUST")(known)
  if (known.traits.has("no-auth")) return "not-applicable"
  return known.profileName === "nexhina" ? "MUST" : "SHOULD"
}

/** OpenAI keeps its list of models behind the key; llama.cpp and OpenRouter show theirs to everybody. */
const whereModelsArePrivate = (known: TargetFacts): Severity | "not-applicable" => {
  if (known.traits.has("public-models")) return "not-applicable"
  const severity = whereKeyGiven(known)
  return severity === "MUST" && known.profileName === "openai" ? "SHOULD" : severity
}

/** Whether the list of models, or one of them, was shown without a key. */
const isShownModel = (answered: ParsedReply) =>
  isSuccess(answered) && (answered.operation === "listModels" || answered.operation === "retrieveModel")

/** The body that comes with it is for err.envelope to judge. */
const refusalFaults = {
  accepted: "the request is answered with a success status",
  "other-status": "the status is neither 401 nor 403",
} as const

function refusal(answered: ParsedReply): Fault<keyof typeof refusalFaults>[] {
  const { status } = answered
  if (status === 401 || status === 403) return []
  const fault = isSuccess(answered) ? "accepted" : "other-status"
  return [{ fault, at: { part: "status" }, expected: "401", actual: String(status) }]
}

/** Returns why an answer says nothing about the key: an operation that is not there is answered alike with any. */
function indifferent({ operation, status }: ParsedReply, { absent }: TargetFacts): Undecided | undefined {
  if (operation !== undefined && absent.has(operation)) return { undecided: "the target does not offer it" }
  return isRedirect(status) ? { undecided: "the answer is a redirect" } : undefined
}

const forbidden = ({ status }: ParsedReply): Fault<"forbidden">[] =>
  status === 403 ? [{ fault: "forbidden", at: { part: "status" }, expected: "401", actual: "403" }] : []

/** A shorter key may stand in a reply by chance: local servers are asked with keys such as "ollama". */
const minKeyLength = 12

function sentKey({ request: { headers }, key: state }: Evidence): string | undefined {
  // In a recording it is redacted, although everybody knows it.
  if (state.value === "wrong") return wrongKey
  const key = /^bearer +(\S+)$/i.exec(headerOf(headers, "authorization") ?? "")?.[1]
  return key !== undefined && key.length >= minKeyLength && !/^\*+$/.test(key) ? key : undefined
}

/**
 * Where a redactor found the key in a response before it was written to a file: a secret of another length than those in
 * the headers of the request is not the key.
 */
function whereRedacted(
  { part, header, at, length, credential }: Redaction,
  sent: ReadonlySet<number>,
): Where[] {
  if (credential || !sent.has(length)) return []
  if (part === "response-body") return [{ part: "body", offset: at }]
  return part.startsWith("response-") && header !== undefined ? [{ part: "header", name: header }] : []
}

function whereEchoed({ exchange, body }: ParsedReply): Where[] {
  const key = sentKey(exchange)
  const redactions = exchange.redacted ?? []
  const sent = new Set(redactions.filter(({ part }) => part === "request-header").map(({ length }) => length))
  const redacted = redactions.flatMap((each) => whereRedacted(each, sent))
  if (key === undefined || !exchange.response) return redacted
  const { headers, trailers } = exchange.response
  const inHeaders = [...headers, ...trailers].flatMap(([name, value]): Where[] =>
    value.includes(key) ? [{ part: "header", name }] : [],
  )
  const offset = Buffer.from(body.buffer, body.byteOffset, body.length).indexOf(key)
  return [...redacted, ...inHeaders, ...(offset === -1 ? [] : [{ part: "body", offset } as const])]
}

export const authRules = [
  rule({
    id: "auth.bad-key",
    since,
    says: "MUST reject a wrong API key with 401",
    severity: whereKeyGiven,
    source,
    on: wrongKeyAnswers,
    faults: refusalFaults,
    holds: (answered, known) => indifferent(answered, known) ?? refusal(answered),
  }),

  rule({
    id: "auth.bad-key-401",
    since,
    says: "SHOULD reject a wrong API key with 401 rather than 403, which means that the key is known but not allowed",
    severity: whereRequired("SHOULD"),
    source: `${source}; RFC 9110, sections 15.5.2 and 15.5.4`,
    on: wrongKeyAnswers,
    faults: { forbidden: "the status is 403" },
    holds: forbidden,
  }),

  rule({
    id: "auth.missing-key",
    since,
    says: "MUST reject a request without an API key with 401, on every endpoint except the list of models",
    severity: whereKeyGiven,
    source,
    on: missingKeyAnswers,
    faults: refusalFaults,
    holds: (answered, known) =>
      isShownModel(answered) ? [] : (indifferent(answered, known) ?? refusal(answered)),
  }),

  rule({
    id: "auth.missing-key-models",
    since,
    says: "MUST reject a request for the list of models without an API key with 401 (outside the gateway: SHOULD)",
    severity: whereModelsArePrivate,
    source: `${source}; OpenAI API reference, authentication`,
    on: missingKeyAnswers,
    faults: { accepted: "the models are shown without a key" },
    holds: (answered) =>
      isShownModel(answered)
        ? [{ fault: "accepted", at: { part: "status" }, expected: "401", actual: String(answered.status) }]
        : [],
  }),

  rule({
    id: "auth.missing-key-401",
    since,
    says: "SHOULD reject a request without an API key with 401 rather than 403",
    severity: whereRequired("SHOULD"),
    source: `${source}; RFC 9110, sections 15.5.2 and 15.5.4`,
    on: missingKeyAnswers,
    faults: { forbidden: "the status is 403" },
    holds: forbidden,
  }),

  rule({
    id: "auth.key-not-echoed",
    since,
    says: "MUST NOT return the API key in a header or in the body",
    severity: "MUST",
    source: `${source}; RFC 6750, section 5.3`,
    on: everyResponse,
    readsRedactions: true,
    needs: ["head"],
    faults: {
      header: "a header contains the key",
      body: "the body contains the key",
    },
    holds: (answered) =>
      whereEchoed(answered).map((at) => ({
        fault: at.part === "header" ? "header" : "body",
        at,
        expected: "no key",
        actual: "the key that was sent",
      })),
  }),
] as const
