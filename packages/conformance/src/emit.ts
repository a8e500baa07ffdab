import { writeFileSync } from "node:fs"
import { basename } from "node:path"
import { baselineSchema } from "./baselines/baseline.ts"
import { reportSchema } from "./reports/report.ts"

/** The published schemas, by the names of their files. */
const schemas: Readonly<Record<string, () => string>> = {
  "report.schema.json": reportSchema,
  "baseline.schema.json": baselineSchema,
}

const files = process.argv.slice(2)
if (files.length === 0)
  throw new Error(`usage: emit.js FILE…, each named ${Object.keys(schemas).join(" or ")}`)
for (const file of files) {
  const schema = schemas[basename(file)]
  if (!schema) throw new Error(`'${file}': expected a file named ${Object.keys(schemas).join(" or ")}`)
  writeFileSync(file, schema())
}
