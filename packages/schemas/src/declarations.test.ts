import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, expect, test } from "vitest"
import { z } from "zod"
import { declarations, publicIndex, publishedOf } from "./declarations.ts"
import * as exported from "./index.ts"

const published = publishedOf(exported)
const folder = mkdtempSync(join(tmpdir(), "declarations-"))
afterAll(() => rmSync(folder, { recursive: true }))

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
symlinkSync(path("../node_modules"), join(folder, "node_modules"))

/** Compiles a text beside the declarations and returns what the compiler says about it. */
function compile(text: string): string {
  const files = {
    "package.json": '{ "type": "module" }',
    "schemas.ts": declarations(published),
    "endpoint.d.ts": `export type * from ${JSON.stringify(path("endpoint.ts"))}`,
    "open.d.ts": `export type * from ${JSON.stringify(path("open.ts"))}`,
    "compiled.ts": text,
    "tsconfig.json": JSON.stringify({
      extends: path("../../../tsconfig.base.json"),
      compilerOptions: {
        noEmit: true,
        allowImportingTsExtensions: true,
        lib: ["es2023", "dom"],
        types: [],
      },
      files: ["compiled.ts"],
    }),
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  try {
    return execFileSync(path("../../../node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

const imports = `
import type { z } from "zod"
import type * as inferred from ${JSON.stringify(path("index.ts"))}
import type * as published from "./schemas.ts"
`

test("the published types and the inferred ones can stand for each other, member by member", () => {
  const names = Object.keys(published.schemas)
  const operations = Object.keys(published.endpoints)
  const said = compile(`${imports}
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
/** With no optional members: one that only one of two types has would go unnoticed. */
type Members<T> = T extends File ? T
  : T extends readonly (infer Item)[] ? Members<Item>[]
  : T extends object ? { [Name in keyof T]-?: Members<T[Name]> } : T
type Equal<A, B> = [Same<A, B>, Same<Members<A>, Members<B>>]
type Facts<E> = { [Name in keyof E & ("method" | "path" | "surface" | "operationId" | "aliases" | "onlyWith" | "provenance")]: E[Name] }
type Errors<E> = E extends { readonly errors: readonly (infer Status)[] } ? Status : never
type Body<E> = E extends { readonly request?: { readonly schema: infer S extends z.ZodType } } ? z.output<S> : "none"
type Query<E> = E extends { readonly query: infer S extends z.ZodType } ? z.output<S> : "none"
type Reply<E> = E extends { readonly success: { readonly content: { readonly "application/json": { readonly schema: infer S extends z.ZodType } } } } ? z.output<S> : "none"
export const schemas: {
${names.map((name) => `  ${name}: [...Equal<inferred.${name}, published.${name}>, Same<z.input<typeof inferred.${name}>, z.input<typeof published.${name}>>]`).join("\n")}
} = null as unknown as Record<${names.map((name) => JSON.stringify(name)).join(" | ")}, [true, true, true]>
type Operations<E extends Record<inferred.OperationId, unknown>> = {
  [Id in inferred.OperationId]: [Facts<E[Id]>, Errors<E[Id]>, Body<E[Id]>, Query<E[Id]>, Reply<E[Id]>]
}
export const operations: Equal<Operations<typeof inferred.endpoints>, Operations<typeof published.endpoints>> = [true, true]
// @ts-expect-error A name has no length that is text.
export const wrong = (tool: published.ToolDefinition): string => tool.function.name.length
// @ts-expect-error A model has an id.
export const missing: published.ModelList = { object: "list", data: [{ object: "model" }] }
export const ids: Same<inferred.OperationId, published.OperationId> = true
export const usable = (endpoints: typeof published.endpoints): Record<string, inferred.Endpoint> => endpoints
`)
  expect(said).toBe("")
  expect(names.length).toBeGreaterThan(90)
  expect(operations.length).toBeGreaterThan(15)
})

test("a kind of schema without a declaration is refused by name", () => {
  const schemas = { Odd: z.map(z.string(), z.string()) }
  expect(() => declarations({ schemas, endpoints: {} })).toThrow("of the kind 'map'")
})

test("the index exports what is declared from there, and all types that it names", () => {
  const A = z.object({ inner: z.object({ text: z.string() }).meta({ id: "Inner" }) }).meta({ id: "A" })
  const inferred = 'export { A, type Other } from "./endpoints/a.ts";\nexport { other } from "./other.ts";\n'
  expect(publicIndex(inferred, { schemas: { A }, endpoints: {} })).toBe(
    `export { A } from "./schemas.js";
export { type Other } from "./endpoints/a.ts";
export { other } from "./other.ts";
export type { Inner, ObjectSchema, ShapeOf, UnionSchema } from "./schemas.js";
`,
  )
})
