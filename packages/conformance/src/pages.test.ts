import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { rulesPage, runPage } from "./pages.ts"
import { reportSchema } from "./report.ts"
import { rules } from "./rules.ts"

const committed = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8")

test.each([
  ["packages/conformance/report.schema.json", reportSchema()],
  ["docs/rules.md", rulesPage(rules)],
  ["docs/run.md", runPage()],
])("%s is what the code says", (path, current) => {
  expect(
    committed(path) === current,
    `${path} is stale: run 'npx -y pnpm@10.34.8 emit' and commit the result`,
  ).toBe(true)
})
