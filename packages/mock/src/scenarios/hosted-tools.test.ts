import { ResponseObject, type ResponseStreamEvent } from "@nexhina/schemas"
import { assembleResponse, canonicalResponse, decode, readResponseStream } from "@nexhina/stream"
import { describe, expect, test } from "vitest"
import { toFetch } from "../hosts/fetch.ts"
import { createMock, type MockOptions } from "../mock.ts"
import type { HostedItem } from "../replies/utterance/hosted-tools.ts"
import type { Scenario } from "./scenario.ts"
import { readScenarios } from "./yaml.ts"

const picture = "iVBORw0KGgo="
const items: readonly HostedItem[] = [
  {
    type: "web_search_call",
    action: { type: "search", query: "about {{user}}", sources: [{ url: "https://example.com" }] },
  },
  {
    type: "file_search_call",
    queries: ["cats"],
    results: [{ filename: "cats.txt", text: "A cat.", score: 0.9 }],
  },
  {
    type: "code_interpreter_call",
    code: "print(6 * 7)",
    outputs: [{ type: "logs", logs: "42" }],
  },
  { type: "image_generation_call", result: picture },
  { type: "mcp_list_tools", server_label: "files", tools: [{ name: "read", input_schema: {} }] },
  { type: "mcp_call", server_label: "files", name: "read", arguments: '{"path":"a"}', output: "text" },
]
const include = [
  "file_search_call.results",
  "web_search_call.action.sources",
  "code_interpreter_call.outputs",
]

async function ask(options: MockOptions, path: string, body: object): Promise<[number, string]> {
  const response = await toFetch(createMock(options))(
    new Request(`http://localhost/v1${path}`, {
      method: "POST",
      headers: { authorization: "Bearer sk-x", "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o", ...body }),
    }),
  )
  return [response.status, await response.text()]
}

describe.each(["nexhina", "openai"] as const)("hosted tools, %s profile", (profile) => {
  const scenarios: Scenario[] = [{ match: {}, answer: { hostedTools: [...items], text: "Done." } }]
  const options = { profile, scenarios }

  test("are items of the response, with what `include` asks for", async () => {
    const [status, text] = await ask(options, "/responses", { input: "cats", include })
    const { output } = ResponseObject.parse(JSON.parse(text))
    expect(status).toBe(200)
    expect(output).toMatchObject([
      ...items.map((item) =>
        item.type === "web_search_call"
          ? { ...item, action: { ...item.action, query: "about cats" }, status: "completed" }
          : item,
      ),
      { type: "message", content: [{ text: "Done." }] },
    ])
    expect(output.map((item) => ("id" in item ? item.id?.split("_")[0] : undefined))).toEqual(
      "ws fs ci ig mcpl mcp msg".split(" "),
    )
    const [, brief] = await ask(options, "/responses", { input: "cats" })
    const [search, files, code] = ResponseObject.parse(JSON.parse(brief)).output
    expect(search).not.toHaveProperty("action.sources")
    expect([files, code]).toMatchObject([
      { results: null },
      { outputs: null, container_id: expect.stringMatching(/^cntr_/) },
    ])
  })

  test("a stream assembles to the same response, and reports their progress in documented events", async () => {
    const body = { input: "cats", include }
    const [, whole] = await ask(options, "/responses", body)
    const [, streamed] = await ask(options, "/responses", { ...body, stream: true })
    const events = readResponseStream(decode(new TextEncoder().encode(streamed))).items
    const assembled = assembleResponse(events)
    expect(assembled?.response).toEqual(assembled?.final)
    // Ids are hashes of the request, which is another one.
    const withoutIds = ({ output }: Pick<ResponseObject, "output">) =>
      output.map((item) => ({ ...item, id: "", container_id: "" }))
    expect(assembled && withoutIds(assembled.response)).toEqual(
      withoutIds(canonicalResponse(ResponseObject.parse(JSON.parse(whole)))),
    )
    const progress = (kind: string) =>
      events.flatMap(({ type }: ResponseStreamEvent) =>
        type.startsWith(`response.${kind}`) ? [type.slice(9 + kind.length)] : [],
      )
    expect(progress("web_search_call")).toEqual([".in_progress", ".searching", ".completed"])
    expect(new Set(progress("code_interpreter_call"))).toEqual(
      new Set([".in_progress", "_code.delta", "_code.done", ".interpreting", ".completed"]),
    )
    expect(progress("image_generation_call")).toEqual([".in_progress", ".generating", ".completed"])
    expect(progress("mcp_list_tools")).toEqual([".in_progress", ".completed"])
  })

  test("chat completions leave them out, and the text is generated if there is none", async () => {
    const messages = [{ role: "user", content: "cats" }]
    const [, text] = await ask(options, "/chat/completions", { messages })
    expect(JSON.parse(text).choices[0].message.content).toBe("Done.")
    const silent: Scenario[] = [{ match: {}, answer: { hostedTools: [...items] } }]
    const [, generated] = await ask({ profile, scenarios: silent }, "/responses", { input: "cats" })
    expect(JSON.parse(generated).output.at(-1).content[0].text).toContain("cats")
  })

  test("images in base64 come as the client asks: in base64, or as a URL that contains them", async () => {
    const scenarios: Scenario[] = [
      { match: { operation: "createImage" }, answer: { reply: { data: [{ b64_json: picture }] } } },
    ]
    const data = async (response_format: string) => {
      const body = { prompt: "a cat", model: "dall-e-2", size: "256x256", response_format }
      return JSON.parse((await ask({ profile, scenarios }, "/images/generations", body))[1]).data
    }
    expect(await data("b64_json")).toEqual([{ b64_json: picture }])
    expect(await data("url")).toEqual([{ url: `data:image/png;base64,${picture}` }])
  })
})

const file = (answer: string) => [
  {
    name: "a.yaml",
    text: `scenarios:\n  - match: { operation: createResponse }\n    answer:\n      ${answer}\n`,
  },
]

test.each([
  [
    "hostedTools: [{ type: web_search_call, actoin: {} }]",
    "a.yaml:4:46: answer.hostedTools[0].actoin: unknown key 'actoin'. Did you mean 'action'?",
  ],
  [
    "hostedTools: [{ type: web_search_call, action: { type: search, qery: cats } }]",
    "a.yaml:4:70: answer.hostedTools[0].action.qery: unknown key 'qery'. Did you mean 'query'?",
  ],
  [
    "hostedTools: [{ type: file_search_call, queries: [a], results: [{ text: a }, { txt: a }] }]",
    "a.yaml:4:86: answer.hostedTools[0].results[1].txt: unknown key 'txt'. Did you mean 'text'?",
  ],
  ["hostedTools: [{ type: web_serch_call }]", "a.yaml:4:23: answer.hostedTools[0].type: "],
  [
    "hostedTools: [{ type: file_search_call }]",
    "a.yaml:4:21: answer.hostedTools[0].queries: 'queries' is missing.",
  ],
  [
    "hostedTools: [{ type: image_generation_call, result: { file: a.png } }]",
    "a.yaml:4:52: answer.hostedTools[0].result: only a file of scenarios can refer to a file. Give its bytes in base64.",
  ],
  [
    'hostedTools: [{ type: image_generation_call, result: "!" }]',
    "a.yaml:4:52: answer.hostedTools[0].result: expected base64, or in a file of scenarios '{ file: path }'.",
  ],
])("%s is a problem with its place and its remedy", (answer, message) => {
  expect(readScenarios(file(answer)).problems).toEqual([expect.stringContaining(message)])
})

test("members that the contract does not know pass, as long as they are no slips", () => {
  for (const answer of [
    "hostedTools: [{ type: file_search_call, queries: [a], results: [{ text: a, attributes: { txt: b } }] }]",
    "hostedTools: [{ type: web_search_call, action: { type: of_tomorrow, querys: [a] } }]",
  ])
    expect(readScenarios(file(answer)).problems).toEqual([])
})

test("a file of scenarios refers to image files, and one that cannot be read is a problem", () => {
  const readImage = (name: string, path: string) => {
    if (path === "lost.png") throw new Error(`cannot read '${path}'`)
    return Buffer.from(`${name} ${path}`).toString("base64")
  }
  const text = `scenarios:
  - match: { operation: createImage }
    answer: { reply: { data: [{ b64_json: { file: a.png } }] } }
  - match: { operation: createResponse }
    steps: [{ hostedTools: [{ type: image_generation_call, result: { file: b.png } }] }]
`
  const { scenarios, problems } = readScenarios([{ name: "x/a.yaml", text }], undefined, readImage)
  expect(problems).toEqual([])
  expect(scenarios).toMatchObject([
    { answer: { reply: { data: [{ b64_json: btoa("x/a.yaml a.png") }] } } },
    { steps: [{ hostedTools: [{ result: btoa("x/a.yaml b.png") }] }] },
  ])
  const lost = [{ name: "a.yaml", text: text.replace("b.png", "lost.png") }]
  expect(readScenarios(lost, undefined, readImage).problems).toEqual([
    "a.yaml:5:60: steps[0].hostedTools[0].result: cannot read 'lost.png'.",
  ])
  const bad = [{ name: "a.yaml", text: text.replace("{ file: a.png }", "3") }]
  expect(readScenarios(bad, undefined, readImage).problems).toEqual([
    "a.yaml:3:33: answer.reply.data[0].b64_json: expected an image in base64.",
  ])
})
