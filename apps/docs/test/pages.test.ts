import { rules } from "@nexhina/conformance"
import { defects, variants } from "@nexhina/defects"
import { expect, test } from "vitest"
import { defectsPage } from "../src/defects-page.ts"
import { rulesPage } from "../src/rules-page.ts"
import { runPage } from "../src/run-page.ts"

test.each([
  ["rules.md", rulesPage(rules)],
  ["run.md", runPage()],
  ["defects.md", defectsPage(defects, variants)],
])("docs/%s is what the code says", async (file, current) => {
  await expect(current, "stale: run 'npx -y pnpm@10.34.8 emit' and commit the result").toMatchFileSnapshot(
    `../../../docs/${file}`,
  )
})
