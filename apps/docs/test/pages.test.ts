import { readFileSync } from "node:fs"
import { rules, sentences } from "@nexhina/conformance"
import { defects, variants } from "@nexhina/defects"
import { faultSteps, limits } from "@nexhina/mock"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { type ActionInput, ciPage } from "../src/ci-page.ts"
import { defectsPage } from "../src/defects-page.ts"
import { mockLimitsPage } from "../src/mock-limits-page.ts"
import { mockTimingPage } from "../src/mock-timing-page.ts"
import { rulesPage } from "../src/rules-page.ts"
import { runPage } from "../src/run-page.ts"
import { scoreboardPage } from "../src/scoreboard-page.ts"
import { traceabilityPage } from "../src/traceability-page.ts"
import { readOperations } from "./operations.ts"
import { readScores } from "./scores.ts"

const action = parse(readFileSync(new URL("../../../action.yml", import.meta.url), "utf8")) as {
  readonly inputs: Record<string, ActionInput>
}

const vitestExample = readFileSync(
  new URL("../../../packages/conformance/test/vitest/gateway.fixture.ts", import.meta.url),
  "utf8",
)

test.each([
  ["rules.md", rulesPage(rules)],
  ["run.md", runPage()],
  ["ci.md", ciPage(action.inputs, vitestExample)],
  ["mock-limits.md", mockLimitsPage(limits)],
  ["mock-timing.md", mockTimingPage(faultSteps)],
  [
    "defects.md",
    defectsPage(defects, variants, readOperations(), new Map(rules.map(({ id, on }) => [id, on.surface]))),
  ],
  ["scoreboard.md", scoreboardPage(rules, defects, variants, readScores())],
  ["traceability.md", traceabilityPage(sentences, defects)],
])("docs/%s is what the code says", async (file, current) => {
  await expect(current, "stale: run 'npx -y pnpm@10.34.8 emit' and commit the result").toMatchFileSnapshot(
    `../../../docs/${file}`,
  )
})

test("every sentence is judged by rules that exist, each broken by a defect, or says why it is not", () => {
  const ids = new Set(rules.map(({ id }) => id))
  const broken = new Set(defects.map(({ breaks }) => breaks))
  const named = sentences.flatMap((sentence) => ("rules" in sentence ? sentence.rules : []))
  expect(named.filter((id) => !ids.has(id) || !broken.has(id))).toEqual([])
  expect(new Set(sentences.map(({ id }) => id)).size).toBe(sentences.length)
})
