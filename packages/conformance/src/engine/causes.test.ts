import { expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import type { Finding } from "../reports/report.ts"
import type { Where } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import { causesOf, precursorsOf, readingRules } from "./causes.ts"
import { findingId } from "./finding-id.ts"
import type { Detection, EvidenceGroup } from "./judge.ts"

type Seen = Detection<EvidenceGroup>

const chat = exchangeOf({ operation: "createChatCompletion" })
const other = exchangeOf({ operation: "createChatCompletion" })
const embedding = exchangeOf({ operation: "createEmbedding" })

function seen(id: string, exchange = chat, at: Where = { part: "body" }): Seen {
  const rule = rules.find((each) => each.id === id)
  if (!rule) throw new RangeError(id)
  const [fault = ""] = Object.keys(rule.faults)
  const executed = { sample: { by: id }, asked: [{ exchange }] }
  return { rule, fault: { fault, at, expected: "", actual: "" }, exchange, executed }
}

/** Returns the causes of detections as the rules of the findings and, indented, of the consequences. */
function causes(...detections: Seen[]): string[] {
  const findings = [...new Map(detections.map((each) => [findingId(each), each])).entries()].map(
    ([id, { rule, fault, exchange }]) =>
      ({
        id,
        rule: rule.id,
        fault: fault.fault,
        operation: exchange.operation.value,
        severity: "MUST",
        verdict: "fail",
        means: "",
      }) as Finding,
  )
  const byId = new Map(findings.map((finding) => [finding.id, finding]))
  const named = (ids: readonly string[]) =>
    ids.map((id) => `${byId.get(id)?.rule}@${byId.get(id)?.operation}`).join(" ")
  return causesOf(findings, precursorsOf(detections)).map(
    ({ findings, consequences }) =>
      named(findings) + (consequences.length > 0 ? ` > ${named(consequences)}` : ""),
  )
}

test("every reading rule is a rule", () => {
  for (const id of readingRules.flat()) expect(rules.map((rule) => rule.id)).toContain(id)
})

test("the same rule and fault on several operations is one cause", () => {
  expect(causes(seen("err.envelope", chat), seen("err.envelope", embedding))).toEqual([
    "err.envelope@createChatCompletion err.envelope@createEmbedding",
  ])
})

test("what follows from broken JSON stands under it, whatever order it was found in", () => {
  const found = [seen("stream.chunk-schema"), seen("sse.data-json"), seen("sse.done-last")]
  const expected = [
    "sse.data-json@createChatCompletion > stream.chunk-schema@createChatCompletion sse.done-last@createChatCompletion",
  ]
  expect(causes(...found)).toEqual(expected)
})

test("a finding that an exchange without the broken reading shows too is a cause of its own", () => {
  expect(causes(seen("sse.data-json"), seen("sse.done-last"), seen("sse.done-last", other))).toEqual([
    "sse.data-json@createChatCompletion",
    "sse.done-last@createChatCompletion",
  ])
})

test("headers and the status do not follow from a body", () => {
  const header: Where = { part: "header", name: "content-type" }
  expect(causes(seen("http.body-valid-json"), seen("http.json-content-type", chat, header))).toHaveLength(2)
})

test("a member that breaks the schema explains what is wrong in it and around it, not beside it", () => {
  const at = (pointer: string): Where => ({ part: "body", pointer })
  const schema = seen("chat.schema", chat, at("/choices/0/message"))
  expect(causes(schema, seen("usage.sum", chat, at("/usage")))).toHaveLength(2)
  expect(causes(schema, seen("chat.message-role", chat, at("/choices/0/message/role")))).toHaveLength(1)
  expect(causes(schema, seen("chat.message-role", chat, at("")))).toHaveLength(1)
})
