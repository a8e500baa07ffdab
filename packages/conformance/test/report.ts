import type { ShownExchange } from "@nexhina/viewer"
import type { Finding, Report } from "../src/reports/report.ts"
import { passed, sampleFinding, sampleReport } from "./sample-report.ts"

/** Returns an exchange of one event stream in two chunks, of which the second is marked. */
export function shownExchange(text = "data: [DONE]\n\n"): ShownExchange {
  const length = Buffer.byteLength(text)
  return {
    request: {
      method: "POST",
      url: "http://127.0.0.1/v1/chat/completions",
      headers: [["content-type", "application/json"]],
      body: { length: 15, parts: [{ at: 0, text: '{"stream":true}' }] },
    },
    response: {
      status: 200,
      headers: [["content-type", "text/event-stream"]],
      trailers: [],
      body: { length: 2 * length, parts: [{ at: 0, text: text + text }] },
      chunks: [
        [2, length],
        [5, length],
      ],
      chunkCount: 2,
    },
    end: { kind: "complete", atMs: 6 },
    isTimed: true,
    marks: [{ part: "response-body", from: length, to: 2 * length }],
  }
}

/** Returns a finding of a rule, which is also the last part of its texts. */
export const findingOf = (rule: string, changed: Partial<Finding> = {}): Finding =>
  sampleFinding({
    id: `${rule}:twice@createChatCompletion`,
    rule,
    fault: "twice",
    surface: "streams",
    says: `MUST keep \`${rule}\``,
    means: "it is sent twice",
    actual: "2 [DONE]",
    replay: `nexhina-conformance run --rule ${rule}`,
    see: ["https://example.com/1"],
    exchanges: [shownExchange()],
    ...changed,
  })

/** Returns a report with these findings, each a cause of its own, and a rule that passed. */
export const reportOf = (findings: readonly Finding[], changed: Partial<Report> = {}): Report =>
  sampleReport(findings, {
    target: "http://127.0.0.1:4010/v1",
    learned: ["chat model gpt-4o: a listed chat model, by its name"],
    conformant: findings.length === 0,
    others: [passed("chat.passed")],
    ...changed,
  })
