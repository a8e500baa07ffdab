import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { copyFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startMock } from "@nexhina/mock/node"
import { Ajv2020 } from "ajv/dist/2020.js"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const documentFile = pathOf("../../../openapi/openapi.json")
const modules = pathOf("../node_modules")
/** TypeScript 7, in which the clients must compile as well as in 6, which is this app's. */
const houseCompiler = pathOf("../../../node_modules/.bin/tsc")

interface Generator {
  /** A type expression for a schema of the document, seen from the folder in which the client was generated. */
  schema(name: string): string
  /** Whether the generator's own code compiles under `exactOptionalPropertyTypes`. */
  readonly exactOptional: boolean
}

/** By the heading under which the page shows them. */
const generators: Readonly<Record<string, Generator>> = {
  "openapi-typescript": {
    schema: (name) => `import("./nexhina.ts").components["schemas"]["${name}"]`,
    exactOptional: true,
  },
  "Hey API": { schema: (name) => `import("./nexhina/types.gen.ts").${name}`, exactOptional: false },
  Orval: { schema: (name) => `import("./nexhina.ts").${name}`, exactOptional: true },
  Kubb: { schema: (name) => `import("./nexhina/types/${name}.ts").${name}`, exactOptional: false },
  "swagger-typescript-api": { schema: (name) => `import("./nexhina.ts").${name}`, exactOptional: true },
}

interface Block {
  readonly heading: string
  readonly language: string
  readonly code: string
}

/** What the page shows, in its order. */
const blocks: readonly Block[] = readFileSync(pathOf("../../../docs/clients.md"), "utf8")
  .split(/^## /m)
  .slice(1)
  .flatMap((section) =>
    [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", code = ""]) => ({
      heading: section.split("\n", 1)[0] ?? "",
      language,
      code,
    })),
  )

const server = await startMock()
const address = new URL(server.url).host

afterAll(() => server.close())

/** Runs a command of this app or of the system, and gives what it printed; rejects with that when it fails. */
function run(line: string, cwd: string): Promise<string> {
  const env = { ...process.env, PATH: `${join(modules, ".bin")}:${process.env["PATH"]}`, DO_NOT_TRACK: "1" }
  return new Promise((resolve, reject) => {
    execFile("sh", ["-c", line], { cwd, env }, (error, stdout, stderr) =>
      error ? reject(new Error(`${line}\n${`${stdout}${stderr}`.slice(0, 2000)}`)) : resolve(stdout),
    )
  })
}

/** A project of a reader, in which the blocks of one section can be followed. */
async function project(exactOptionalPropertyTypes: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "typed-clients-"))
  const compilerOptions = {
    target: "es2023",
    lib: ["es2023", "dom", "dom.iterable"],
    types: [],
    module: "nodenext",
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes,
    skipLibCheck: true,
    rewriteRelativeImportExtensions: true,
    outDir: "compiled",
  }
  await Promise.all([
    symlink(modules, join(folder, "node_modules")),
    copyFile(documentFile, join(folder, "openapi.json")),
    writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" })),
    writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] })),
  ])
  return folder
}

const document = JSON.parse(readFileSync(documentFile, "utf8")) as {
  components: { schemas: Record<string, { properties?: object }> }
}

/** Lines that compile if and only if each member of each schema takes null in the client as in the document. */
function nullsOf({ schema }: Generator): string {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, "document")
  const members = Object.entries(document.components.schemas).flatMap(([name, { properties = {} }]) =>
    Object.keys(properties).map((member) => ({ name, member })),
  )
  return [
    "type TakesNull<T> = null extends T ? true : false",
    ...members.map(({ name, member }, at) => {
      const pointer = encodeURIComponent(member.replaceAll("/", "~1"))
      const takesNull = ajv.getSchema(`document#/components/schemas/${name}/properties/${pointer}`)?.(null)
      return `export const member${at}: TakesNull<${schema(name)}["${member}"]> = ${takesNull}`
    }),
  ].join("\n")
}

/** Follows a section of the page: its commands and files in their order, then its programs; gives what these print. */
async function follow(shown: readonly Block[], folder: string): Promise<string[]> {
  const programs: string[] = []
  for (const { language, code } of shown) {
    const [, file] = /^\/\/ (\S+)\n/.exec(code) ?? []
    if (file) await writeFile(join(folder, file), code.replaceAll("127.0.0.1:4010", address))
    if (file?.endsWith(".ts")) programs.push(file)
    if (language !== "sh") continue
    for (const line of code.trim().split("\n")) {
      if (!line.startsWith("npm install")) await run(line.replace(/^npx /, ""), folder)
    }
  }
  await run("tsc", folder)
  return Promise.all(programs.map((file) => run(`node compiled/${file.replace(/ts$/, "js")}`, folder)))
}

const headings = [...new Set(blocks.map(({ heading }) => heading))]

describe.each(headings)("%s", (heading) => {
  const shown = blocks.filter((block) => block.heading === heading)
  const generator = generators[heading]
  let folder = ""
  beforeAll(async () => {
    folder = await project(generator?.exactOptional ?? true)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test("gets an answer as the page shows it", async () => {
    const printed = await follow(shown, folder)
    expect(printed).not.toEqual([])
    for (const text of printed) expect(text).toContain('You said: "Hello".')
  })

  if (generator) {
    test("a member takes null in the client if and only if in the document", async () => {
      await writeFile(join(folder, "nulls.ts"), nullsOf(generator))
      await run(`${houseCompiler} --noEmit`, folder)
    })
  }

  test("the page names the versions that are tested", () => {
    const named = shown.flatMap(({ code }) => [...code.matchAll(/(\S+)@\d\S*/g)])
    const installed = named.map(([, name = ""]) => {
      const { version } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"))
      return `${name}@${version}`
    })
    expect(named.map(([whole]) => whole)).toEqual(installed)
  })
})

test("the page shows each generator, and streams", () => {
  expect(headings).toEqual([...Object.keys(generators), "Streams"])
})
