import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { rulesPage, runPage } from "./pages.ts"
import { reportSchema } from "./report.ts"
import { rules } from "./rules.ts"

const [root] = process.argv.slice(2)
if (root === undefined) throw new Error("usage: emit.js ROOT")
writeFileSync(join(root, "packages/conformance/report.schema.json"), reportSchema())
writeFileSync(join(root, "docs/rules.md"), rulesPage(rules))
writeFileSync(join(root, "docs/run.md"), runPage())
