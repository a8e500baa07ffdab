import { expect, test } from "vitest"
import * as conformance from "../src/index.ts"
import * as vitest from "../src/vitest.ts"

test("exports exactly these names at run time", () => {
  expect(Object.keys(conformance).sort()).toMatchInlineSnapshot(`
    [
      "BaselineResult",
      "BodyPart",
      "Cause",
      "Finding",
      "Intent",
      "KeyRefused",
      "Mark",
      "Matrix",
      "NothingJudged",
      "NothingRead",
      "Report",
      "RequestFault",
      "RuleResult",
      "ShownBody",
      "ShownExchange",
      "Unreachable",
      "UsageError",
      "Waiver",
      "check",
      "checkOptions",
      "checkSettingsOf",
      "checkTarget",
      "completeFacts",
      "createSend",
      "evidenceOf",
      "exitCodeOf",
      "exitCodes",
      "factsBefore",
      "htmlReportOf",
      "limits",
      "matrixOf",
      "merge",
      "readEvidence",
      "reports",
      "requirementSets",
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

test("exports exactly these names for vitest", () => {
  expect(Object.keys(vitest)).toEqual(["conformance"])
})
