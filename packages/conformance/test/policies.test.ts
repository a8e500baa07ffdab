import type { NamedAlteration, Reply, Situation } from "@nexhina/wire"
import { expect, test } from "vitest"
import type { Report } from "../src/reports/report.ts"
import { always, checked } from "./checked.ts"

const verdictsOf = (report: Report, ...ids: string[]) =>
  ids.map((id) => report.rules.find((rule) => rule.id === id)?.verdict)

const error = (message: string, param: string | null, code: string | null) =>
  JSON.stringify({ error: { message, type: "invalid_request_error", param, code } })

const answering = (
  status: number,
  body: string,
  where: (situation: Situation) => boolean,
): NamedAlteration => ({
  id: `answering-${status}`,
  stage: "wire",
  apply: (reply, situation): Reply => (where(situation) ? { ...reply, status, body } : reply),
})

test("a parameter that a 4xx names is unsupported, not failed", async () => {
  const noMany = answering(
    400,
    error("Only one choice can be had.", "n", "unsupported_value"),
    ({ request }) => typeof request === "object" && request !== null && "n" in request && request.n !== 1,
  )
  const report = await checked(always(noMany), {
    include: ["chat"],
    rule: ["chat.choices-match-n", "usage.n-counted"],
  })
  expect(report.findings).toEqual([])
  expect(verdictsOf(report, "usage.n-counted")).toEqual(["unsupported"])
})

test("a list that says nothing of its models but their ids is no breach", async () => {
  const bare: NamedAlteration = {
    id: "bare",
    stage: "value",
    apply: (value, { operationId }) =>
      operationId === "listModels" && "data" in (value as object)
        ? { object: "list", data: [{ id: "gpt-4o", object: "model" }] }
        : value,
  }
  const report = await checked(always(bare), { include: ["models"] })
  expect(report.findings.filter(({ severity }) => severity === "MUST")).toEqual([])
  expect(report.models["chat"]).toBe("gpt-4o")
})

test("a server that is said to ask for no key is judged by no rule about keys", async () => {
  const report = await checked({ keys: "none-needed" }, { include: ["models"], trait: ["no-auth"] })
  expect(report.conformant).toBe(true)
  expect(verdictsOf(report, "auth.missing-key", "auth.bad-key")).toEqual(["not-applicable", "not-applicable"])
})

test.each([
  ["nexhina", "fail"],
  ["openai", "warn"],
] as const)(
  "a server that was given a key and asks for none is a finding of profile %s: %s",
  async (profile, verdict) => {
    const report = await checked(
      { keys: "none-needed", profile },
      { include: ["models"], quick: true, profile },
    )
    expect(verdictsOf(report, "auth.missing-key", "auth.bad-key")).toEqual([verdict, verdict])
  },
)

test("a server that is busy throughout is asked again, and then judged inconclusive", async () => {
  const body = error("Too many requests.", null, "rate_limit_exceeded")
  const busy: NamedAlteration = {
    id: "busy",
    stage: "wire",
    apply: (reply, { operationId }) =>
      operationId === "createModeration"
        ? { ...reply, status: 429, headers: [...reply.headers, ["retry-after", "0"]], body }
        : reply,
  }
  const report = await checked(always(busy), { include: ["moderations"], rule: ["moderation.*"] })
  expect(report.findings).toEqual([])
  expect(new Set(report.rules.map(({ verdict }) => verdict))).toEqual(new Set(["inconclusive"]))
})

test("a surface that is not there is unsupported, and a finding only where it is required", async () => {
  const absent = answering(
    404,
    error("Invalid URL (POST /v1/rerank)", null, "unknown_url"),
    ({ operationId }) => operationId === "createRerank",
  )
  const flags = { include: ["rerank"], rule: ["rerank.*", "http.offers-required"] }
  const report = await checked(always(absent), flags)
  expect(report.findings).toEqual([])
  expect(verdictsOf(report, "rerank.schema", "rerank.sorted")).toEqual(["unsupported", "unsupported"])
  const required = await checked(always(absent), { ...flags, require: ["rerank"] })
  expect(required.findings.map(({ id }) => id)).toEqual(["http.offers-required:not-offered@createRerank"])
})

test("no rule passes on the 404s of a surface that is not there", async () => {
  const absent = answering(404, error("Not Found", null, null), ({ operationId }) =>
    /response/i.test(operationId ?? ""),
  )
  const report = await checked(always(absent), { include: ["responses"], runs: 1 })
  const ofResponses = report.rules.filter(({ surface }) => surface === "responses")
  expect(ofResponses.filter(({ verdict }) => verdict === "pass").map(({ id }) => id)).toEqual([])
  expect(report.rules.find(({ id }) => id === "resp.accepts-input-shapes")?.verdict).toBe("unsupported")
})

test("what a model says need not be the same twice, unless the target is said to be deterministic", async () => {
  let answers = 0
  const moody: NamedAlteration = {
    id: "moody",
    stage: "request",
    // Another question each time, and so another answer.
    apply: (request, { operationId }) =>
      operationId === "createChatCompletion"
        ? { ...(request as object), messages: [{ role: "user", content: `Question ${answers++}` }] }
        : request,
  }
  const flags = { include: ["chat"], rule: ["stream.equals-nonstream"] }
  const [free, bound] = [
    await checked(always(moody), flags),
    await checked(always(moody), { ...flags, deterministic: true }),
  ]
  expect(verdictsOf(free, "stream.equals-nonstream")).toEqual(["not-applicable"])
  // Where two whole replies to one request differ too, nothing can be said of the stream.
  expect([...free.findings, ...bound.findings]).toEqual([])
})
