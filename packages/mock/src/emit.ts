import { writeFileSync } from "node:fs"
import { publishedSchema } from "./scenarios/schema.ts"

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error("usage: emit.js FILE")
writeFileSync(file, publishedSchema())
