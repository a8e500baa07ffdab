import type { Header } from "@nexhina/wire"
import { expect, test } from "vitest"
import type { Step } from "./step.ts"
import { toWire } from "./to-wire.ts"

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
