import { writeFileSync } from "node:fs"
import { defects, variants } from "./index.ts"
import { defectsPage } from "./page.ts"

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error("usage: emit.js FILE")
writeFileSync(file, defectsPage(defects, variants))
