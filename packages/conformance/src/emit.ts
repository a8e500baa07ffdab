import { writeFileSync } from "node:fs"
import { basename } from "node:path"
import { baselineSchema } from "./baselines/baseline.ts"
import { configSchema } from "./options/config-schema.ts"
import { reportSchema } from "./reports/report.ts"

/** The published schemas, by the names of their files. */
const schemas: Readonly<Record<string, () => string>> = {
  "report.schema.json": reportSchema,
  "baseline.schema.json": baselineSchema,
  "config.schema.json": configSchema,
}
const names = Object.keys(schemas).join(", ")

const files = process.argv.slice(2)
if (files.length === 0) throw new Error(`usage: emit.js FILE…, each named as one of ${names}`)
for (const file of files) {
  const schema = schemas[basename(file)]
  if (!schema) throw new Error(`'${file}': expected a file named as one of ${names}`)
  writeFileSync(file, schema())
}
