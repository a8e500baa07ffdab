import type { NamedAlteration, Reply } from "@nexhina/wire"
import { expect, test } from "vitest"
import { always, checked } from "./checked.ts"
import { withoutModel } from "./without-model.ts"

/** Breaks the structured output of a request the first `times` times that exactly this request is sent. */
function brokenAtFirst(times: number): NamedAlteration {
  const seen = new Map<string, number>()
  return {
    id: "broken-at-first",
    stage: "value",
    apply: (value, { operationId, ask, request }) => {
      const isStructured = typeof request === "object" && request !== null && "response_format" in request
      if (operationId !== "createChatCompletion" || !isStructured) return value
      const body = new TextDecoder().decode(ask.body)
      const count = (seen.get(body) ?? 0) + 1
      seen.set(body, count)
      if (count > times) return value
      const completion = value as { choices: { message: object }[] }
      const choices = completion.choices.map((choice) => ({
        ...choice,
        message: { ...choice.message, content: "Prose." },
      }))
      return { ...completion, choices }
    },
  }
}

test.each([
  ["never again", 1, "flaky"],
  ["in one of two repeats", 2, "flaky"],
  ["in both repeats", 3, "fail"],
])(
  "what a model says is a failure only when both repeats show it again: shown %s",
  async (_, times, verdict) => {
    const { findings } = await checked(always(brokenAtFirst(times)), {
      include: ["chat"],
      rule: ["chat.response-format-honoured"],
      quick: true,
    })
    expect([...new Set(findings.map((finding) => finding.verdict))]).toEqual([verdict])
  },
)

test.each([
  ["names an unknown model", "model_not_found", "inconclusive"],
  ["names nothing", null, "unsupported"],
])("a 404 that %s (%s): %s", async (_, code, verdict) => {
  const body = JSON.stringify({
    error: { message: "Not here.", type: "invalid_request_error", param: null, code },
  })
  const absent: NamedAlteration = {
    id: "absent",
    stage: "wire",
    apply: (reply, { operationId }): Reply =>
      operationId === "createEmbedding" ? { ...reply, status: 404, body } : reply,
  }
  const report = await checked(always(absent), {
    include: ["embeddings"],
    rule: ["emb.*"],
  })
  const schema = report.rules.find(({ id }) => id === "emb.schema")
  expect(schema?.verdict).toBe(verdict)
})

/** Delays the embeddings of one kind of input, so that the others are answered first. */
function delayed(kind: "lists" | "strings"): NamedAlteration {
  return {
    id: `delayed-${kind}`,
    stage: "wire",
    apply: (reply, { request }) => {
      const input = typeof request === "object" && request !== null && "input" in request && request.input
      if (typeof reply.body !== "string" || Array.isArray(input) !== (kind === "lists")) return reply
      return { ...reply, body: [{ bytes: new TextEncoder().encode(reply.body), atMs: 60 }] }
    },
  }
}

test("findings do not depend on the order in which replies arrive", async () => {
  const reports = []
  for (const kind of ["lists", "strings"] as const) {
    const slow = delayed(kind)
    const mock = {
      alterations: [withoutModel, slow],
      always: [
        { id: withoutModel.id, rate: 1 },
        { id: slow.id, rate: 1 },
      ],
    }
    reports.push(
      await checked(mock, { include: ["chat", "embeddings"], concurrency: 8, deterministic: true }),
    )
  }
  const [one, other] = reports.map(({ findings }) =>
    findings.map(({ id, request, actual }) => ({ id, body: request.body, actual })),
  )
  expect(one?.length).toBeGreaterThan(0)
  expect(one).toEqual(other)
})

test.each([0, 150, 650, 3000, 9000])(
  "the excerpt holds the fault, %i bytes into the body",
  async (before) => {
    const body = `{"object":"list","x":"${"a".repeat(before)}",THE-FAULT "y":"${"b".repeat(3000)}"}`
    const malformed: NamedAlteration = {
      id: "malformed",
      stage: "wire",
      apply: (reply, { operationId }): Reply => (operationId === "listModels" ? { ...reply, body } : reply),
    }
    const { findings } = await checked(always(malformed), {
      include: ["models"],
      rule: ["http.body-valid-json"],
      quick: true,
    })
    const [finding] = findings
    expect(finding?.evidence.excerpt).toContain("THE-FAULT")
    expect(finding?.evidence.excerpt.length).toBeLessThan(700)
  },
)
