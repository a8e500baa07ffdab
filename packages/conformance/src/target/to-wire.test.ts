import type { Header } from "@nexhina/wire"
import { expect, test } from "vitest"
import type { Step } from "./step.ts"
import { secretsOf, toWire, wrongKey } from "./to-wire.ts"

const chat: Step = { operation: "createChatCompletion", body: { model: "m", messages: [] } }
const headersOf = async (step: Step, headers: readonly Header[]) => {
  const target = { baseUrl: "http://127.0.0.1/v1", apiKey: "sk-x", headers }
  return (await toWire(step, target)).headers
}

test("a header of the user's replaces the kit's own, in any case", async () => {
  expect(await headersOf({ operation: "listModels" }, [["User-Agent", "ours"]])).toEqual([
    ["authorization", "Bearer sk-x"],
    ["accept", "application/json, text/event-stream"],
    ["User-Agent", "ours"],
  ])
})

test("but the content-type of a body, which is the request's own", async () => {
  const types = async (step: Step) =>
    (await headersOf(step, [["Content-Type", "text/plain"]])).filter(([name]) => /^content-type$/i.test(name))
  expect(await types(chat)).toEqual([["content-type", "application/json"]])
  expect(await types({ operation: "listModels" })).toEqual([["Content-Type", "text/plain"]])
})

test.each([
  [undefined, ["Bearer sk-x", "sk-x", "edge-1"]],
  ["wrong", [`Bearer ${wrongKey}`, wrongKey, "edge-1"]],
  ["none", ["edge-1"]],
] as const)("with the key '%s', so is every header of an API key, and only these", async (key, values) => {
  const headers: Header[] = [
    ["X-Api-Key", "sk-x"],
    ["x-edge-secret", "edge-1"],
  ]
  const sent = await headersOf({ operation: "listModels", ...(key && { key }) }, headers)
  const names = /^(?:authorization|x-api-key|x-edge-secret)$/i
  expect(sent.filter(([name]) => names.test(name)).map(([, value]) => value)).toEqual(values)
})

test("an id that is no Unicode text is asked for all the same", async () => {
  const target = { baseUrl: "http://127.0.0.1/v1", apiKey: undefined, headers: [] }
  const { url } = await toWire({ operation: "retrieveModel", params: { model: "a\ud800/b" } }, target)
  expect(url).toBe("http://127.0.0.1/v1/models/a%EF%BF%BD%2Fb")
})

test("the values of headers are secrets by the headers' names, of which a gateway's own name is none", () => {
  const headers: Header[] = [
    ["x-portkey-custom-host", "https://example.com/v1"],
    ["x-portkey-api-key", "pk-12345678"],
    ["Ocp-Apim-Subscription-Key", "0123456789"],
  ]
  expect(secretsOf({ apiKey: undefined, headers })).toEqual(["pk-12345678", "0123456789"])
})
