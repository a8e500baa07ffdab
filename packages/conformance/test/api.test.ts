import { expect, test } from "vitest"
import * as conformance from "../src/index.ts"

test("exports exactly these names at run time", () => {
  expect(Object.keys(conformance).sort()).toMatchInlineSnapshot(`
    [
      "BaselineResult",
      "Cause",
      "Finding",
      "Intent",
      "KeyRefused",
      "Matrix",
      "NothingJudged",
      "NothingRead",
      "Report",
      "RequestFault",
      "RuleResult",
      "Unreachable",
      "UsageError",
      "Waiver",
      "check",
      "checkOptions",
      "checkSettingsOf",
      "checkTarget",
      "createSend",
      "evidenceOf",
      "exitCodeOf",
      "exitCodes",
      "factsBefore",
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
