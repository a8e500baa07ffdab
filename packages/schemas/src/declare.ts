import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { declarations, publicIndex, publishedOf } from "./declarations.ts"
import * as exported from "./index.ts"

/*
 * The last step of the build: replaces the declarations that the compiler inferred from the schemas, beside this file,
 * by those that are published.
 */

const file = (name: string) => new URL(name, import.meta.url)
const published = publishedOf(exported)
const index = readFileSync(file("index.d.ts"), "utf8")
const replaced = readdirSync(file("endpoints")).filter((name) => name.endsWith(".d.ts"))
for (const name of [...replaced.map((each) => `endpoints/${each}`), "endpoints.d.ts", "platform.d.ts"]) {
  rmSync(file(name), { force: true })
}
writeFileSync(file("endpoints.d.ts"), 'export { endpoints, type OperationId } from "./schemas.js"\n')
writeFileSync(file("schemas.d.ts"), declarations(published))
writeFileSync(file("index.d.ts"), publicIndex(index, published))
