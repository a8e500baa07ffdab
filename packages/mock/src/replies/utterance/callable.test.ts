import { expect, test } from "vitest"
import { toFetch } from "../../hosts/fetch.ts"
import { createMock, type MockOptions } from "../../mock.ts"

const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
const chatTools = [{ type: "function", function: { name: "weather", parameters } }]
const responseTools = [{ type: "function", name: "weather", parameters, strict: true }]
const lark = { type: "grammar", syntax: "lark", definition: "start: /a+/" }
const larkTools = [{ type: "custom", name: "patch", format: lark }]

async function post(path: string, body: object, options: MockOptions = {}): Promise<[number, string]> {
  const response = await toFetch(createMock(options))(
    new Request(`http://localhost/v1${path}`, {
      method: "POST",
      headers: { authorization: "Bearer test", "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-5", ...body }),
    }),
  )
  return [response.status, await response.text()]
}

const chat = (content: string, body: object, options?: MockOptions) =>
  post("/chat/completions", { messages: [{ role: "user", content }], tools: chatTools, ...body }, options)
const respond = (input: string, body: object, options?: MockOptions) =>
  post("/responses", { input, tools: responseTools, ...body }, options)

const calls = '"name":"weather"'
const callItem = '"type":"function_call"'

test.each([{ stream: false }, { stream: true }])("tools are called on demand only (%j)", async (stream) => {
  for (const tool_choice of [undefined, "auto"]) {
    const body = { ...stream, ...(tool_choice !== undefined && { tool_choice }) }
    expect((await chat("Hello", body))[1]).not.toContain(calls)
    expect((await respond("Hello", body))[1]).not.toContain(callItem)
    expect((await chat("Hello", body, { callTools: true }))[1]).toContain(calls)
    expect((await respond("Hello", body, { callTools: true }))[1]).toContain(callItem)
    expect((await chat("Hello [mock:call]", body))[1]).toContain(calls)
    expect((await respond("Hello [mock:call]", body))[1]).toContain(callItem)
  }
  expect((await chat("Hello", { ...stream, tool_choice: "required" }))[1]).toContain(calls)
  expect((await respond("Hello", { ...stream, tool_choice: "required" }))[1]).toContain(callItem)
})

test("a tool with a grammar that the mock cannot generate is refused only when it must be called", async () => {
  const required = { tools: larkTools, tool_choice: "required" }
  expect(await respond("Hello", { tools: larkTools }, { callTools: true })).toMatchObject([200, {}])
  expect(
    (await respond("Hello", { tools: [...larkTools, ...responseTools], tool_choice: "required" }))[0],
  ).toBe(200)
  const [status, body] = await respond("Hello", required)
  expect(status).toBe(400)
  expect(body).toContain("does not support 'lark' grammars")
})
