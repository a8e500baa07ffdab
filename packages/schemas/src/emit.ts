import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { emitted } from "./emitted.ts"

const [directory] = process.argv.slice(2)
if (directory === undefined) {
  console.error("Which directory? Use: node dist/emit.js DIRECTORY")
  process.exit(2)
}
for (const [name, text] of Object.entries(emitted())) writeFileSync(join(directory, name), text)
