import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { defects, variants } from "./index.ts"
import { defectsPage } from "./page.ts"

test("docs/defects.md is what the catalogue says", () => {
  const committed = readFileSync(new URL("../../../docs/defects.md", import.meta.url), "utf8")
  expect(
    committed === defectsPage(defects, variants),
    "docs/defects.md is stale: run 'npx -y pnpm@10.34.8 emit' and commit the result",
  ).toBe(true)
})
