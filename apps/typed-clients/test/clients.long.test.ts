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
  /** Declares `createResponse(body)`, which returns a whole response, and `openStream(body)`, which a `Response`. */
  readonly calls: string
}

const baseUrl = "http://127.0.0.1:4010/v1"

/** For generators whose functions read every reply as JSON. */
const openWithFetch = `
const openStream = (body: Request) => fetch("${baseUrl}/responses", {
  method: "POST",
  headers: { authorization: "Bearer sk-mock", "content-type": "application/json" },
  body: JSON.stringify(body),
})`

/** By the heading under which the page shows them. */
const generators: Readonly<Record<string, Generator>> = {
  "openapi-typescript": {
    schema: (name) => `import("./nexhina.ts").components["schemas"]["${name}"]`,
    exactOptional: true,
    calls: `
import createClient from "openapi-fetch"
import type { paths } from "./nexhina.ts"
const headers = { authorization: "Bearer sk-mock" }
const client = createClient<paths, "application/json">({ baseUrl: "${baseUrl}", headers })
async function createResponse(body: Request): Promise<Whole> {
  const { data, error } = await client.POST("/responses", { body })
  if (error) throw new Error(error.error.message)
  return data
}
async function openStream(body: Request): Promise<Response> {
  const { response } = await createClient<paths>({ baseUrl: "${baseUrl}", headers }).POST("/responses", {
    body,
    parseAs: "stream",
  })
  return response
}`,
  },
  "Hey API": {
    schema: (name) => `import("./nexhina/types.gen.ts").${name}`,
    exactOptional: false,
    calls: `
import { client } from "./nexhina/client.gen.ts"
import { createResponse as ask } from "./nexhina/sdk.gen.ts"
client.setConfig({ baseUrl: "${baseUrl}", auth: "sk-mock" })
async function createResponse(body: Request): Promise<Whole> {
  const { data, error } = await ask({ body })
  if (error) throw new Error(error.error.message)
  return data
}
async function openStream(body: Request): Promise<Response> {
  const { response } = await ask({ body, parseAs: "stream", throwOnError: true })
  return response
}`,
  },
  Orval: {
    schema: (name) => `import("./nexhina.ts").${name}`,
    exactOptional: true,
    calls: `
import { createResponse as ask } from "./nexhina.ts"
async function createResponse(body: Request): Promise<Whole> {
  const { data, status } = await ask(body, { headers: { authorization: "Bearer sk-mock" } })
  if (status !== 200) throw new Error(data.error.message)
  return data
}${openWithFetch}`,
  },
  Kubb: {
    schema: (name) => `import("./nexhina/types/${name}.ts").${name}`,
    exactOptional: false,
    calls: `
import { setConfig } from "./nexhina/.kubb/fetch.ts"
import { createResponse as ask } from "./nexhina/clients/createResponse.ts"
setConfig({
  baseURL: "${baseUrl}",
  headers: { authorization: "Bearer sk-mock", "content-type": "application/json" },
})
const createResponse = (body: Request): Promise<Whole> => ask(body)${openWithFetch}`,
  },
  "swagger-typescript-api": {
    schema: (name) => `import("./nexhina.ts").${name}`,
    exactOptional: true,
    calls: `
import { Api } from "./nexhina.ts"
const api = new Api({
  baseUrl: "${baseUrl}",
  baseApiParams: { headers: { authorization: "Bearer sk-mock" } },
})
async function createResponse(body: Request): Promise<Whole> {
  const { data } = await api.responses.createResponse(body)
  return data
}${openWithFetch}`,
  },
}

/** Returns a program that offers a tool, and tells output items and stream events apart by their `type`. */
const agent = ({ schema, calls }: Generator): string => `
type Request = ${schema("ResponseRequest")}
type Whole = ${schema("ResponseObject")}
type Item = ${schema("ResponseOutputItem")}
type Event = ${schema("ResponseStreamEvent")}
type ChatRequest = ${schema("ChatCompletionRequest")}
${calls}

const parameters = { type: "object", properties: { city: { const: "Paris" } }, required: ["city"] }
const request: Request = {
  model: "gpt-4o",
  input: "What is the weather in Paris?",
  tools: [{ type: "function", name: "get_weather", description: "Returns the weather.", parameters }],
  tool_choice: "required",
}
export const chat: ChatRequest = {
  model: "gpt-4o",
  messages: [{ role: "user", content: "What is the weather in Paris?" }],
  tools: [{ type: "function", function: { name: "get_weather", parameters } }],
  tool_choice: { type: "function", function: { name: "get_weather" } },
}

function textOf(item: Item): string {
  switch (item.type) {
    case "message":
      // @ts-expect-error: a message has no arguments
      item.arguments
      return item.content.map((part) => (part.type === "output_text" ? part.text : part.refusal)).join("")
    case "function_call":
      return item.name + item.arguments
    case "reasoning":
      return item.summary.map((part) => part.text).join("")
    case "web_search_call":
      return item.action?.type === "find_in_page" ? item.action.pattern : item.status
    default:
      return item.type
  }
}

function textOfEvent(event: Event): string {
  switch (event.type) {
    case "response.function_call_arguments.delta":
      return event.delta
    case "response.output_item.added":
      return event.item.type === "function_call" ? event.item.name : ""
    case "response.completed":
      // @ts-expect-error: this event has no delta
      event.delta
      return event.response.status === "completed" ? "." : "?"
    default:
      return ""
  }
}

const whole = await createResponse(request)
const stream = await (await openStream({ ...request, stream: true })).text()
const events = [...stream.matchAll(/^data: ({.*})$/gm)].map(([, data = ""]) => JSON.parse(data) as Event)
console.log(whole.output.map(textOf).join("") + " " + events.map(textOfEvent).join(""))
`

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
  components: { schemas: Record<string, { properties?: object; allOf?: { properties?: object }[] }> }
}

/** Lines that compile if and only if each member of each schema takes null in the client as in the document. */
function nullsOf({ schema }: Generator): string {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, "document")
  const members = Object.entries(document.components.schemas).flatMap(([name, whole]) =>
    [whole, ...(whole.allOf ?? [])].flatMap(({ properties = {} }, place) =>
      Object.keys(properties).map((member) => ({ name, member, part: place && `/allOf/${place - 1}` })),
    ),
  )
  return [
    "type TakesNull<T> = null extends T ? true : false",
    ...members.map(({ name, member, part }, at) => {
      const pointer = encodeURIComponent(member.replaceAll("/", "~1"))
      const takesNull = ajv.getSchema(
        `document#/components/schemas/${name}${part || ""}/properties/${pointer}`,
      )?.(null)
      return `export const member${at}: TakesNull<${schema(name)}["${member}"]> = ${takesNull}`
    }),
  ].join("\n")
}

/** Follows a section of the page: its commands and files in their order; returns the names of its programs. */
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
  return programs
}

/** Runs a compiled program; returns what it prints. */
const printedBy = (program: string, folder: string): Promise<string> =>
  run(`node compiled/${program.replace(/ts$/, "js")}`, folder)

const headings = [...new Set(blocks.map(({ heading }) => heading))]

describe.each(headings)("%s", (heading) => {
  const shown = blocks.filter((block) => block.heading === heading)
  const generator = generators[heading]
  let folder = ""
  let programs: readonly string[] = []
  beforeAll(async () => {
    folder = await project(generator?.exactOptional ?? true)
    programs = await follow(shown, folder)
    if (generator) {
      await writeFile(join(folder, "agent.ts"), agent(generator).replaceAll("127.0.0.1:4010", address))
    }
    // All programs at once: each compilation reads the whole client.
    await run("tsc", folder)
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true }))

  test("gets an answer as the page shows it", async () => {
    const printed = await Promise.all(programs.map((program) => printedBy(program, folder)))
    expect(printed).not.toEqual([])
    for (const text of printed) expect(text).toContain('You said: "Hello".')
  })

  if (generator) {
    test("a tool is called, and items and events are told apart by their type", async () => {
      expect(await printedBy("agent.ts", folder)).toBe(
        'get_weather{"city":"Paris"} get_weather{"city":"Paris"}.\n',
      )
    })

    test("the client compiles under plain strict", async () => {
      const plain = "--exactOptionalPropertyTypes false --noUncheckedIndexedAccess false"
      await run(`${houseCompiler} --noEmit ${plain}`, folder)
    })

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
