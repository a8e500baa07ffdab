import { ChatCompletionResponse, ResponseObject } from "@nexhina/schemas"
import { expect, test } from "vitest"
import { toFetch } from "../../hosts/fetch.ts"
import { createMock } from "../../mock.ts"
import type { Responder } from "./respond.ts"

/** Says a fixed text to everybody who greets. */
const greeter: Responder = ({ userText }) =>
  userText === "Hello"
    ? { segments: [{ kind: "text", text: "Good morning to you. END Never said." }] }
    : undefined

const caller: Responder = ({ operationId, choice }) => ({
  segments: [
    { kind: "reasoning", text: "The weather is needed." },
    { kind: "call", form: "function", callId: `call_${choice}`, name: operationId, text: '{"city":"Oslo"}' },
  ],
})

async function post(responders: readonly Responder[], path: string, body: object): Promise<unknown> {
  const fetch = toFetch(createMock({ responders }))
  const response = await fetch(
    new Request(`http://localhost/v1${path}`, {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o", ...body }),
    }),
  )
  return response.json()
}

const chat = async (responders: readonly Responder[], body: object) =>
  ChatCompletionResponse.parse(
    await post(responders, "/chat/completions", { messages: [{ role: "user", content: "Hello" }], ...body }),
  )
const respond = async (responders: readonly Responder[], body: object) =>
  ResponseObject.parse(await post(responders, "/responses", { input: "Hello", ...body }))

test("stop sequences, limits, log probabilities and usage apply to what a responder says", async () => {
  const stopped = await chat([greeter], { stop: " END", logprobs: true })
  expect(stopped.choices[0]).toMatchObject({
    message: { content: "Good morning to you." },
    finish_reason: "stop",
  })
  const tokens = stopped.choices[0]?.logprobs?.content?.map(({ token }) => token)
  expect(tokens?.join("")).toBe("Good morning to you.")
  expect(stopped.usage?.completion_tokens).toBe(tokens?.length)

  const limited = await respond([greeter], { max_output_tokens: 16 })
  expect(limited).toMatchObject({ status: "completed", output: [{ type: "message" }] })
  const cut = await chat([greeter], { max_tokens: 2 })
  expect(cut).toMatchObject({
    choices: [{ message: { content: "Good morning" }, finish_reason: "length" }],
    usage: { completion_tokens: 2 },
  })
})

test("a responder's calls and reasoning take the form of either endpoint", async () => {
  const completion = await chat([caller], { n: 2 })
  expect(completion.choices.map(({ message, finish_reason }) => [message.tool_calls, finish_reason])).toEqual(
    [0, 1].map((choice) => [
      [
        {
          id: `call_${choice}`,
          type: "function",
          function: { name: "createChatCompletion", arguments: '{"city":"Oslo"}' },
        },
      ],
      "tool_calls",
    ]),
  )
  expect(completion.choices[0]?.message.reasoning_content).toBe("The weather is needed.")
  expect(await respond([caller], {})).toMatchObject({
    status: "completed",
    output: [
      { type: "reasoning", content: [{ text: "The weather is needed." }] },
      { type: "function_call", call_id: "call_0", name: "createResponse", arguments: '{"city":"Oslo"}' },
    ],
  })
})

test("the first responder that decides wins, and the generator speaks when none does", async () => {
  const first = await chat([() => undefined, greeter, caller], {})
  expect(first.choices[0]?.message.content).toContain("Good morning")
  const asked = { messages: [{ role: "user", content: "Bye" }] }
  expect(await chat([greeter], asked)).toEqual(await chat([], asked))
})
