import { expect, test } from "vitest"
import * as conformance from "../src/index.ts"

test("exports exactly these names at run time", () => {
  expect(Object.keys(conformance).sort()).toMatchInlineSnapshot(`
    [
      "BodyPart",
      "Cause",
      "Finding",
      "Intent",
      "KeyRefused",
      "Mark",
      "NothingJudged",
      "Report",
      "RequestFault",
      "RuleResult",
      "ShownBody",
      "ShownExchange",
      "Unreachable",
      "UsageError",
      "checkTarget",
      "createSend",
      "evidenceOf",
      "exitCodeOf",
      "exitCodes",
      "factsBefore",
      "htmlReportOf",
      "limits",
      "readEvidence",
      "reports",
      "rules",
      "run",
      "runOptions",
      "selectRules",
      "sentences",
      "settingsOf",
      "severityOf",
      "verdicts",
    ]
  `)
})
