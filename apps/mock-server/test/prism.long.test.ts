import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { type MockServer, startMock } from "@nexhina/mock/node"
import {
  type Endpoint,
  endpoints,
  operationsOf,
  type Profile,
  type ProfileName,
  profiles,
} from "@nexhina/schemas"
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { catalogue } from "../src/catalogue.ts"

// Prism is an opinion on the emitted document that does not come from our validators: a proxy that answers with an
// error of its own when a request or a reply breaks it. Forms, files and streams keep off it, which it garbles or
// buffers.

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const prism = pathOf("../node_modules/@stoplight/prism-cli/dist/index.js")
const openapi = pathOf("../../../openapi/openapi.json")

/** Starts Prism before a base URL, and gives its own address. */
async function startPrism(upstream: string): Promise<[ChildProcess, string]> {
  const args = ["proxy", openapi, upstream, "--errors", "--host", "127.0.0.1", "--port", "0"]
  const proxy = spawn(process.execPath, [prism, ...args], { stdio: ["ignore", "pipe", "inherit"] })
  for await (const line of createInterface(proxy.stdout)) {
    const [, address] = /Prism is listening on (\S+)/.exec(line) ?? []
    if (!address) continue
    // It tells of every request from now on, and would stop at a full pipe.
    proxy.stdout.resume()
    return [proxy, address]
  }
  throw new Error("Prism ended before it listened.")
}

interface Answer {
  readonly status: number | undefined
  readonly body: unknown
}

interface Question {
  readonly path?: string
  readonly body?: unknown
  readonly apiKey?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks as the official client does, which sends its own headers; errors are answers too. */
async function ask(
  baseURL: string,
  contract: Endpoint,
  { path = contract.path, body, apiKey = "sk-prism", headers = {} }: Question,
): Promise<Answer> {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 })
  const method = contract.method === "GET" ? "get" : contract.method === "POST" ? "post" : "delete"
  try {
    const { data, response } = await client.request({ method, path, body, headers }).withResponse()
    return { status: response.status, body: data }
  } catch (error) {
    if (error instanceof OpenAI.APIError) return { status: error.status, body: error.error }
    throw error
  }
}

const contracts: readonly Endpoint[] = Object.values(endpoints)
const jsonContracts = contracts.filter(
  ({ success, request }) =>
    "application/json" in success.content && request?.mediaType !== "multipart/form-data",
)

/** The bodies that a contract shows, but for those that ask for a stream. */
function bodiesOf({ request }: Endpoint): readonly unknown[] {
  if (!request) return [undefined]
  const bodies = Object.values(request.examples).map(({ value }) => value)
  return bodies.filter((body) => !(Object(body).stream === true))
}

/** The id of what was made; "undefined" where nothing is kept, which is then asked for in vain. */
const idOf = ({ body }: Answer): string => String(Object(body).id)

async function inProgress(baseURL: string, id: string): Promise<boolean> {
  const path = endpoints.retrieveVideo.path.replace("{task_id}", id)
  const { status, body } = await ask(baseURL, endpoints.retrieveVideo, { path })
  return status === 200 && Object(body).status !== "completed"
}

/** What fills a path's parameter: something that the server at this base URL has. */
const things: Readonly<Record<string, (baseURL: string) => Promise<string> | string>> = {
  model: () => "gpt-4o",
  async response_id(baseURL) {
    const body = { model: "gpt-4o", input: "Hello" }
    return idOf(await ask(baseURL, endpoints.createResponse, { body }))
  },
  async task_id(baseURL) {
    const body = { model: "sora", prompt: "A cat" }
    const id = idOf(await ask(baseURL, endpoints.createVideo, { body }))
    // Until then each retrieval takes it a step further, so that no two are alike.
    while (await inProgress(baseURL, id));
    return id
  },
}

async function pathTo({ path, params }: Endpoint, baseURL: string): Promise<string> {
  let filled: string = path
  for (const name of Object.keys(params?.shape ?? {})) {
    const thing = things[name]
    if (!thing) throw new Error(`No value for the path parameter ${name} of ${path}`)
    filled = filled.replace(`{${name}}`, encodeURIComponent(await thing(baseURL)))
  }
  return filled
}

/** Operations that answer 404 to everything under a profile. */
function lackedBy({ rerank, video }: Profile): readonly string[] {
  return [...(rerank ? [] : ["createRerank"]), ...(video === "task" ? [] : ["retrieveVideo"])]
}

const profileNames = Object.keys(profiles) as ProfileName[]

describe.each(profileNames)("under the profile %s", (profile) => {
  let server: MockServer
  let proxy: ChildProcess
  const operations: readonly string[] = operationsOf(profiles[profile])
  let direct = ""
  let judged = ""

  beforeAll(async () => {
    server = await startMock({ profile, alterations: catalogue })
    direct = server.baseURL
    ;[proxy, judged] = await startPrism(direct)
  })

  afterAll(async () => {
    proxy.kill()
    await once(proxy, "exit")
    await server.close()
  })

  describe.each(jsonContracts.map((contract) => [contract.operationId, contract] as const))(
    "%s",
    (_, contract) => {
      test("Prism passes requests and replies on", async () => {
        for (const body of bodiesOf(contract)) {
          const path = await pathTo(contract, direct)
          const expected = await ask(direct, contract, { path, body })
          expect(expected.status).toBe(lackedBy(profiles[profile]).includes(contract.operationId) ? 404 : 200)
          expect(await ask(judged, contract, { path: await pathTo(contract, judged), body })).toEqual(
            expected,
          )
        }
      })

      test("and what is answered to a wrong key", async () => {
        const [body] = bodiesOf(contract)
        const question = { path: contract.path.replace(/\{\w+\}/, "any"), body, apiKey: "sk-invalid" }
        const expected = await ask(direct, contract, question)
        expect(expected.status).toBe(operations.includes(contract.operationId) ? 401 : 404)
        expect(await ask(judged, contract, question)).toEqual(expected)
      })
    },
  )

  test("embeddings as the client asks for them, in base64", async () => {
    const embedded = async (baseURL: string) => {
      const client = new OpenAI({ baseURL, apiKey: "sk-prism", maxRetries: 0 })
      return (await client.embeddings.create({ model: "text-embedding-3-small", input: "Hello" })).data
    }
    expect(await embedded(judged)).toEqual(await embedded(direct))
  })

  test("what breaks the document does not get through: a request, a reply", async () => {
    const request = { body: { model: "gpt-4o", messages: "Hello" } }
    expect((await ask(judged, endpoints.createChatCompletion, request)).status).toBe(422)
    const reply = { headers: { "x-mock-defect": "models-object-missing" } }
    expect((await ask(direct, endpoints.listModels, reply)).status).toBe(200)
    expect((await ask(judged, endpoints.listModels, reply)).status).toBe(500)
  })
})
