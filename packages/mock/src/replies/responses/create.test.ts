import {
  ErrorResponse,
  type ProfileName,
  profiles,
  ResponseDeleted,
  type ResponseItem,
  ResponseItemList,
  ResponseObject,
  type ResponseOutputItem,
  type ResponseRequest,
} from "@nexhina/schemas"
import { assembleResponse, canonicalResponse, decode, isComplete, readResponseStream } from "@nexhina/stream"
import { type Handle, headerOf, type Reply } from "@nexhina/wire"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { againstDocument } from "../../../test/against-document.ts"
import { responseRequests } from "../../../test/response-requests.ts"
import { countTokens, tokens } from "../../content/tokens.ts"
import { createMock, type MockOptions } from "../../mock.ts"

const utf8 = new TextEncoder()
const profileNames = Object.keys(profiles) as ProfileName[]

function mock(options: MockOptions = {}): Handle {
  return againstDocument(
    createMock({
      callTools: true,
      onCrash(error) {
        throw error
      },
      ...options,
    }),
  ).handle
}

function call(answer: Handle, method: string, path: string, body?: unknown): Promise<Reply> {
  return answer({
    method,
    target: `/v1/responses${path}`,
    headers: [["authorization", "Bearer sk-test"]],
    body: utf8.encode(body === undefined ? "" : JSON.stringify(body)),
  })
}

function bytesOf({ body }: Reply): Uint8Array {
  if (typeof body === "string") return utf8.encode(body)
  if (body instanceof Uint8Array) return body
  if (Symbol.asyncIterator in body) throw new Error("The mock makes no asynchronous bodies")
  return Buffer.concat([...body].map(({ bytes }) => bytes))
}

const jsonOf = (reply: Reply): unknown => JSON.parse(new TextDecoder().decode(bytesOf(reply)))

async function respond(answer: Handle, request: ResponseRequest): Promise<ResponseObject> {
  const reply = await call(answer, "POST", "", request)
  expect(reply.status, JSON.stringify(jsonOf(reply))).toBe(200)
  return ResponseObject.parse(jsonOf(reply))
}

async function refused(reply: Promise<Reply>): Promise<object> {
  const settled = await reply
  const { error } = ErrorResponse.parse(jsonOf(settled))
  return { status: settled.status, param: error.param, code: error.code, message: error.message }
}

const retrieve = async (answer: Handle, id: string) =>
  ResponseObject.parse(jsonOf(await call(answer, "GET", `/${id}`)))

async function listItems(answer: Handle, id: string, query = ""): Promise<ResponseItemList> {
  return ResponseItemList.parse(jsonOf(await call(answer, "GET", `/${id}/input_items${query}`)))
}

const hello: ResponseRequest = { model: "gpt-4o", input: "Hello" }

/** The text of the only message. */
function textOf({ output }: ResponseObject): string {
  const texts = output.flatMap((item) =>
    item.type === "message"
      ? item.content.flatMap((part) => (part.type === "output_text" ? part.text : []))
      : [],
  )
  expect(texts).toHaveLength(1)
  return texts[0] ?? ""
}

const typesOf = (items: readonly { type: string }[]) => items.map(({ type }) => type)
const callsOf = ({ output }: ResponseObject) =>
  output.flatMap((item) =>
    item.type === "function_call" ? [{ name: item.name, args: JSON.parse(item.arguments) }] : [],
  )

/** What the model wrote of an item. */
function writtenIn(item: ResponseOutputItem): string {
  switch (item.type) {
    case "message":
      return item.content
        .map((part) =>
          part.type === "output_text" ? part.text : part.type === "refusal" ? part.refusal : "",
        )
        .join("")
    case "function_call":
      return item.arguments
    case "custom_tool_call":
      return item.input
    case "reasoning":
      return (item.content ?? []).map(({ text }) => text).join("")
    default:
      return ""
  }
}

/** A response without the ids that are made of the whole body. */
function withoutIds({ id: _, output, ...response }: ResponseObject) {
  return { ...response, output: output.map((item) => ({ ...item, id: "" })) }
}

/** What agents send back of earlier replies: without ids, annotations and states. */
const replayed: Exclude<ResponseRequest["input"], string> = [
  { role: "assistant", content: [{ type: "output_text", text: "b" }] },
  { type: "message", role: "assistant", content: [{ type: "output_text", text: "b" }] },
  { type: "function_call_output", name: "get_weather", output: "x" },
  { type: "reasoning", summary: [], encrypted_content: "abc" },
  { type: "local_shell_call", call_id: "c", action: { type: "exec", command: ["ls"], env: null } },
  { type: "local_shell_call_output", output: "{}" },
  { type: "program", call_id: "p", code: "1" },
  { type: "program_output", call_id: "p", result: "1" },
  { type: "web_search_call", action: { type: "search", query: "q" } },
  { type: "file_search_call", queries: ["q"] },
  { type: "computer_call", call_id: "k", pending_safety_checks: [] },
  { type: "code_interpreter_call", container_id: "cntr", code: null, outputs: null },
  { type: "image_generation_call", result: null },
  { type: "apply_patch_call", call_id: "a", operation: { type: "delete_file", path: "x" } },
  { type: "mcp_list_tools", server_label: "s", tools: [] },
  { type: "mcp_approval_request", server_label: "s", name: "n", arguments: "{}" },
  { type: "mcp_call", server_label: "s", name: "n", arguments: "{}" },
]

describe.each(profileNames)("responses under the profile %s", (profile) => {
  const answer = mock({ profile })

  test("every valid request is answered, by its contract", async () => {
    await fc.assert(
      fc.asyncProperty(responseRequests, async (request) => {
        const { output, usage, ...response } = await respond(answer, request)
        const isIncomplete = response.status === "incomplete"
        expect(response.status).toMatch(/^(completed|incomplete)$/)
        expect(response.incomplete_details).toEqual(
          isIncomplete ? { reason: expect.stringMatching(/^(max_output_tokens|content_filter)$/) } : null,
        )
        expect(response.created_at).toBe(1713833628)
        expect(response.completed_at).toBe(isIncomplete ? null : 1713833628)
        expect(output.map((item) => "status" in item && item.status)).toEqual(
          output.map((_, index) =>
            isIncomplete && index === output.length - 1 ? "incomplete" : "completed",
          ),
        )
        const ids = output.map((item) => ("id" in item ? item.id : ""))
        expect(new Set([response.id, ...ids]).size).toBe(1 + ids.length)

        const thought = usage?.output_tokens_details?.reasoning_tokens ?? 0
        const said = output.filter(({ type }) => type !== "reasoning")
        const written = said.reduce((sum, item) => sum + countTokens(writtenIn(item)), 0)
        expect(usage?.output_tokens).toBe(thought + written)
        const shown = output.filter((item) => item.type === "reasoning" && item.content)
        if (shown.length > 0) {
          expect(shown.reduce((sum, item) => sum + countTokens(writtenIn(item)), 0)).toBe(thought)
        }
        expect(usage?.total_tokens).toBe((usage?.input_tokens ?? 0) + thought + written)
        if (request.max_output_tokens) {
          expect(thought + written).toBeLessThanOrEqual(request.max_output_tokens)
        }
      }),
    )
  })

  test("what a request says is repeated", async () => {
    await fc.assert(
      fc.asyncProperty(responseRequests, async (request) => {
        const { input, include, conversation, service_tier, reasoning, text, ...repeated } = request
        const response = await respond(answer, request)
        expect(response).toMatchObject(repeated)
        expect(response.conversation).toEqual(conversation && { id: "conv_1" })
        expect(response.reasoning).toEqual({ effort: null, summary: null, ...reasoning })
        expect(response.text).toEqual({ format: { type: "text" }, ...text })
      }),
    )
  })

  test("the same request gets the same bytes, from any mock", async () => {
    await fc.assert(
      fc.asyncProperty(responseRequests, fc.boolean(), async (request, stream) => {
        const reply = await call(answer, "POST", "", { ...request, stream })
        expect(await call(mock({ profile }), "POST", "", { ...request, stream })).toEqual(reply)
      }),
    )
  })

  test("a stream says what the whole reply says, piece by piece and in the end", async () => {
    await fc.assert(
      fc.asyncProperty(responseRequests, async (request) => {
        const reply = await call(answer, "POST", "", { ...request, stream: true })
        expect(headerOf(reply.headers, "content-type")).toBe("text/event-stream; charset=utf-8")
        const stream = readResponseStream(decode(bytesOf(reply)))
        expect(Object.keys(stream.counts)).toEqual(["event-field"])
        expect(isComplete(stream, true)).toBe(true)
        expect(stream.payloads.map(({ kind }) => kind)).toEqual([
          ...stream.items.map(() => "item"),
          ...(profiles[profile].responsesDone ? ["done"] : []),
        ])
        expect(stream.events.slice(0, stream.items.length).map(({ type }) => type)).toEqual(
          typesOf(stream.items),
        )

        const told = assembleResponse(stream.items)
        expect(told?.response).toEqual(told?.final)
        const whole = await respond(answer, request)
        expect(told?.end).toBe(`response.${whole.status}`)
        expect(told && withoutIds(told.response)).toEqual(withoutIds(canonicalResponse(whole)))
      }),
    )
  })

  test("what was stored is what was said", async () => {
    await fc.assert(
      fc.asyncProperty(responseRequests, async (request) => {
        const response = await respond(answer, { ...request, store: true })
        expect(await retrieve(answer, response.id)).toEqual(response)
      }),
    )
  })
})

describe("what is said", () => {
  const answer = mock()

  test("members that say how to deliver, file or keep it do not change it", async () => {
    const plain = await respond(answer, hello)
    for (const members of [
      { metadata: { a: "b" } },
      { store: false },
      { user: "u" },
      { background: true },
      { service_tier: "flex" },
      { prompt_cache_key: "k" },
      { truncation: "auto" as const },
      { reasoning: { effort: "high" as const } },
      { top_logprobs: 2, include: ["message.output_text.logprobs"] },
    ]) {
      expect(textOf(await respond(answer, { ...hello, ...members }))).toBe(textOf(plain))
    }
  })

  test("null is the same as no member", async () => {
    const plain = await respond(answer, hello)
    const nulls = { tool_choice: null, parallel_tool_calls: null, reasoning: null, temperature: null }
    const { output, ...response } = await respond(answer, { ...hello, ...nulls })
    expect({ ...response, output: [] }).toEqual({ ...plain, id: response.id, output: [] })
    expect(output).toHaveLength(1)
  })

  test("another model, text, temperature or instruction says something else", async () => {
    const texts = await Promise.all(
      [
        hello,
        { ...hello, model: "gpt-4o-mini" },
        { ...hello, temperature: 0 },
        { ...hello, instructions: "Hi" },
      ].map(async (request) => textOf(await respond(answer, request))),
    )
    expect(new Set(texts).size).toBe(4)
  })

  test("the last text of the user is quoted, wherever it stands", async () => {
    const input: ResponseRequest["input"] = [
      { role: "user", content: "First" },
      { role: "assistant", content: "Well" },
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "Second" },
          { type: "input_image", image_url: "https://example.com/cat.png" },
          { type: "input_text", text: "and last" },
        ],
      },
    ]
    expect(textOf(await respond(answer, { ...hello, input }))).toMatch(/^You said: "Second\nand last"\. /)
    expect(textOf(await respond(answer, hello))).toMatch(/^You said: "Hello"\. /)
    expect(textOf(await respond(answer, { ...hello, input: [] }))).not.toMatch(/You said/)
  })

  test("a limit cuts off the end, in the last item, which is incomplete", async () => {
    const whole = textOf(await respond(answer, hello))
    const cut = await respond(answer, { ...hello, max_output_tokens: 16 })
    expect(textOf(cut)).toBe(tokens(whole).slice(0, 16).join(""))
    expect(cut).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ type: "message", status: "incomplete" }],
      usage: { output_tokens: 16 },
    })
  })

  test("a limit that reasoning uses up leaves reasoning alone", async () => {
    const thinking: ResponseRequest = { ...hello, reasoning: { effort: "max", summary: "auto" } }
    const { output, usage } = await respond(answer, { ...thinking, max_output_tokens: 16 })
    expect(output).toMatchObject([{ type: "reasoning", status: "incomplete" }])
    expect(usage).toMatchObject({ output_tokens: 16, output_tokens_details: { reasoning_tokens: 16 } })
    const whole = await respond(answer, thinking)
    const thought = whole.usage?.output_tokens_details?.reasoning_tokens ?? 0
    const none = await respond(answer, { ...thinking, max_output_tokens: thought })
    expect(none.output).toMatchObject([
      { type: "reasoning", status: "completed" },
      { type: "message", status: "incomplete", content: [{ text: "" }] },
    ])
  })

  test("reasoning comes when it is asked for, with a summary and a handle when they are", async () => {
    const think = async (members: Partial<ResponseRequest>, by = answer) =>
      (await respond(by, { ...hello, ...members })).output
        .slice(0, -1)
        .flatMap((item) => (item.type === "reasoning" ? [item] : []))
    expect(await think({})).toEqual([])
    expect(await think({ reasoning: { effort: "none" } })).toEqual([])
    const content = [{ type: "reasoning_text", text: expect.stringMatching(/^([^.]+\.){4}$/) }]
    const reasoning = { type: "reasoning", id: expect.stringMatching(/^rs_/), status: "completed" }
    expect(await think({ reasoning: {} })).toEqual([{ ...reasoning, summary: [], content }])
    const summary = [{ type: "summary_text", text: expect.stringMatching(/^[^.]+\.$/) }]
    const summarised = await think({ reasoning: { summary: "auto" } })
    expect(summarised).toEqual([{ ...reasoning, summary, content }])
    expect(await think({ reasoning: {}, include: ["reasoning.encrypted_content"] })).toEqual([
      { ...reasoning, summary: [], content, encrypted_content: expect.any(String) },
    ])
    expect(await think({ reasoning: { summary: "auto" } }, mock({ profile: "openai" }))).toEqual([
      { ...reasoning, id: summarised[0]?.id, summary },
    ])
    const counts = await Promise.all(
      ["minimal", "low", "medium", "high", "xhigh", "max"].map(
        async (effort) =>
          (await respond(answer, { ...hello, reasoning: { effort } })).usage?.output_tokens_details
            ?.reasoning_tokens,
      ),
    )
    expect(counts).toEqual(counts.toSorted((a, b) => Number(a) - Number(b)))
    expect(counts[0]).toBeGreaterThan(0)
  })

  test("log probabilities describe the text when they are included", async () => {
    const request = { ...hello, include: ["message.output_text.logprobs"], top_logprobs: 2 }
    const { output } = await respond(answer, request)
    const [part] = output.flatMap((item) => (item.type === "message" ? item.content : []))
    if (part?.type !== "output_text") throw new Error("The reply is a text")
    expect(part.logprobs?.map(({ token }) => token)).toEqual(tokens(part.text))
    expect(part.logprobs?.every(({ top_logprobs }) => top_logprobs.length === 2)).toBe(true)
    expect(part.text).toBe(textOf(await respond(answer, hello)))
    expect(await respond(answer, { ...hello, top_logprobs: 2 })).toMatchObject({
      output: [{ content: [{ logprobs: [] }] }],
    })
  })

  test("a marker in the last text of the user makes the model refuse, in pieces where it is streamed", async () => {
    const request: ResponseRequest = {
      ...hello,
      input: "Tell me [mock:refuse]",
      tools: [{ type: "function", name: "now" }],
    }
    const refusal = "I'm sorry, but I can't help with that."
    const { output, status } = await respond(answer, request)
    expect(output).toMatchObject([{ type: "message", content: [{ type: "refusal", refusal }] }])
    expect(status).toBe("completed")
    const reply = await call(answer, "POST", "", { ...request, stream: true })
    const deltas = readResponseStream(decode(bytesOf(reply))).items.flatMap((item) =>
      item.type === "response.refusal.delta" ? [item.delta] : [],
    )
    expect(deltas.length).toBeGreaterThan(1)
    expect(deltas.join("")).toBe(refusal)
    const input: ResponseRequest["input"] = [
      { role: "user", content: "[mock:refuse]" },
      { role: "user", content: "Hello" },
    ]
    expect(textOf(await respond(answer, { ...hello, input }))).toContain("Hello")
  })

  test("another makes a content filter end the text halfway, unless a limit did before", async () => {
    const filtered = { ...hello, input: "Hello [mock:filter]" }
    const response = await respond(answer, filtered)
    expect(response).toMatchObject({
      status: "incomplete",
      completed_at: null,
      incomplete_details: { reason: "content_filter" },
      output: [{ type: "message", status: "incomplete" }],
    })
    expect(textOf(response)).toMatch(/^You said: "Hello \[mock:filter\]"/)
    expect(
      await respond(answer, {
        ...filtered,
        input: `${"word ".repeat(50)}[mock:filter]`,
        max_output_tokens: 16,
      }),
    ).toMatchObject({
      incomplete_details: { reason: "max_output_tokens" },
      usage: { output_tokens: 16 },
    })
  })

  test("usage, limits and log probabilities are in the tokens of the tokenizer", async () => {
    const answer = mock({ tokenizer: (text) => [...text] })
    const response = await respond(answer, {
      ...hello,
      max_output_tokens: 20,
      include: ["message.output_text.logprobs"],
    })
    const text = textOf(response)
    expect(text).toBe('You said: "Hello". T')
    expect(response.usage).toMatchObject({ input_tokens: 3 + 3 + 5, output_tokens: 20 })
    expect(response.output).toMatchObject([
      { content: [{ logprobs: [...text].map((token) => ({ token })) }] },
    ])
  })

  test("JSON, of a schema or any", async () => {
    const schema = {
      type: "object",
      properties: { a: { const: 1 } },
      required: ["a"],
      additionalProperties: false,
    }
    const format = { type: "json_schema" as const, name: "answer", schema }
    expect(JSON.parse(textOf(await respond(answer, { ...hello, text: { format } })))).toEqual({ a: 1 })
    expect(
      JSON.parse(textOf(await respond(answer, { ...hello, text: { format: { type: "json_object" } } }))),
    ).toMatchObject({ said: "Hello" })
    expect(
      await refused(
        call(answer, "POST", "", { ...hello, text: { format: { ...format, schema: { not: {} } } } }),
      ),
    ).toMatchObject({ status: 400, param: "text.format.schema" })
  })

  test("more than the mock can weigh is refused", async () => {
    const include = ["message.output_text.logprobs"]
    const long = { ...hello, input: "word ".repeat(20_000), include, top_logprobs: 20 }
    expect(await refused(call(answer, "POST", "", long))).toMatchObject({
      status: 400,
      param: "top_logprobs",
    })
    expect((await respond(answer, { ...long, top_logprobs: 0 })).usage?.output_tokens).toBe(16_384)
  })
})

describe("tools", () => {
  const answer = mock()
  const weather = {
    type: "function" as const,
    name: "weather",
    parameters: {
      type: "object",
      properties: { city: { enum: ["Oslo", "Bergen"] } },
      required: ["city"],
      additionalProperties: false,
    },
  }
  const traffic = { ...weather, name: "traffic" }
  const asked = { ...hello, tools: [weather] }

  test("a tool on offer is called, with arguments that keep its schema", async () => {
    const response = await respond(answer, asked)
    expect(response.output).toEqual([
      {
        type: "function_call",
        id: expect.stringMatching(/^fc_/),
        call_id: expect.stringMatching(/^call_/),
        status: "completed",
        name: "weather",
        arguments: expect.stringMatching(/^\{"city":"(Oslo|Bergen)"\}$/),
      },
    ])
  })

  test("of several tools two are called, or one where calls may not be parallel", async () => {
    const both = { ...asked, tools: [weather, traffic] }
    const names = callsOf(await respond(answer, both)).map(({ name }) => name)
    expect(names.toSorted()).toEqual(["traffic", "weather"])
    expect(callsOf(await respond(answer, { ...both, parallel_tool_calls: false }))).toHaveLength(1)
  })

  test("after a tool's output comes text that quotes it, and a new question is called for again", async () => {
    const { output } = await respond(answer, asked)
    const [made] = output
    if (made?.type !== "function_call") throw new Error("The tool is called")
    const answered: Exclude<ResponseRequest["input"], string> = [
      { role: "user", content: "Hello" },
      made,
      { type: "function_call_output", call_id: made.call_id, output: "18 °C" },
    ]
    const text = textOf(await respond(answer, { ...asked, input: answered }))
    expect(text).toMatch(/^You said: "Hello"\. A tool answered: "18 °C"\. /)
    const again = [...answered, { role: "user" as const, content: "And now?" }]
    expect(typesOf((await respond(answer, { ...asked, input: again })).output)).toEqual(["function_call"])
    expect(
      typesOf((await respond(answer, { ...asked, input: answered, tool_choice: "required" })).output),
    ).toEqual(["function_call"])
  })

  test("none forbids, a name and allowed tools choose", async () => {
    const both = { ...asked, tools: [weather, traffic] }
    const names = async (tool_choice: NonNullable<ResponseRequest["tool_choice"]>) =>
      callsOf(await respond(answer, { ...both, tool_choice })).map(({ name }) => name)
    expect(await names("none")).toEqual([])
    expect(await names({ type: "function", name: "traffic" })).toEqual(["traffic"])
    const tools = [{ type: "function", name: "weather" }]
    expect(await names({ type: "allowed_tools", mode: "auto", tools })).toEqual(["weather"])
    expect(await names({ type: "allowed_tools", mode: "required", tools })).toEqual(["weather"])
    expect(await names("required")).toHaveLength(2)
  })

  test("a custom tool gets free text, or text by its regular expression", async () => {
    const say = { type: "custom" as const, name: "say" }
    expect((await respond(answer, { ...hello, tools: [say] })).output).toMatchObject([
      {
        type: "custom_tool_call",
        id: expect.stringMatching(/^ctc_/),
        name: "say",
        input: expect.stringMatching(/\.$/),
      },
    ])
    const format = { type: "grammar" as const, syntax: "regex" as const, definition: "[a-c]{3}" }
    expect((await respond(answer, { ...hello, tools: [{ ...say, format }] })).output).toMatchObject([
      { type: "custom_tool_call", input: expect.stringMatching(/^[a-c]{3}$/) },
    ])
  })

  test("tools that the server would run are not called", async () => {
    const tools = [{ type: "web_search" as const }]
    for (const tool_choice of ["auto", "none"] as const) {
      expect(typesOf((await respond(answer, { ...hello, tools, tool_choice })).output)).toEqual(["message"])
    }
    for (const tool_choice of [
      "required",
      { type: "web_search_preview" },
      { type: "allowed_tools", mode: "required", tools: [{ type: "web_search" }] },
    ] as const) {
      for (const stream of [false, true]) {
        expect(
          await refused(call(answer, "POST", "", { ...hello, tools, tool_choice, stream })),
        ).toMatchObject({
          status: 400,
          param: "tool_choice",
          message: expect.stringMatching(/built-in tool 'web_search/),
        })
      }
    }
    const mixed = [...tools, { type: "function" as const, name: "now" }]
    expect(
      typesOf((await respond(answer, { ...hello, tools: mixed, tool_choice: "required" })).output),
    ).toEqual(["function_call"])
  })

  test.each([
    { type: "web_search" },
    { type: "file_search", vector_store_ids: ["vs_1"] },
    { type: "code_interpreter", container: { type: "auto" } },
    { type: "image_generation" },
    { type: "mcp", server_label: "files", server_url: "https://example.com" },
    { type: "shell" },
    { type: "local_shell" },
    { type: "apply_patch" },
    { type: "computer_use_preview", display_width: 10, display_height: 10, environment: "browser" },
    { type: "namespace", name: "n", description: "d", tools: [{ type: "function", name: "f" }] },
  ])("a built-in tool that must be called is refused by its name: %j (E6)", async (tool) => {
    for (const profile of profileNames) {
      const named = { type: tool.type, ...("server_label" in tool && { server_label: tool.server_label }) }
      for (const tool_choice of ["required", named]) {
        for (const stream of [false, true]) {
          expect(
            await refused(
              call(mock({ profile }), "POST", "", { ...hello, tools: [tool], tool_choice, stream }),
            ),
          ).toMatchObject({
            status: 400,
            param: "tool_choice",
            message: expect.stringContaining(`'${tool.type}'`),
          })
        }
      }
    }
  })

  test("a schema that cannot be met is refused by name", async () => {
    const tools = [weather, { ...weather, name: "odd", parameters: { not: {} } }]
    expect(
      await refused(
        call(answer, "POST", "", { ...hello, tools, tool_choice: { type: "function", name: "odd" } }),
      ),
    ).toMatchObject({ status: 400, param: "tools[1].parameters" })
  })
})

describe("what is kept", () => {
  test("a response can be retrieved until it is deleted", async () => {
    const answer = mock()
    const { id } = await respond(answer, hello)
    expect((await retrieve(answer, id)).id).toBe(id)
    expect(ResponseDeleted.parse(jsonOf(await call(answer, "DELETE", `/${id}`)))).toEqual({
      id,
      object: "response",
      deleted: true,
    })
    const gone = {
      status: 404,
      param: "response_id",
      code: "not_found",
      message: `Response with id '${id}' not found.`,
    }
    expect(await refused(call(answer, "GET", `/${id}`))).toEqual(gone)
    expect(await refused(call(answer, "DELETE", `/${id}`))).toEqual(gone)
    expect(await refused(call(answer, "GET", `/${id}/input_items`))).toEqual(gone)
  })

  test("a response that is not to be stored is not, nor is it one to go on from", async () => {
    const answer = mock()
    const { id } = await respond(answer, { ...hello, store: false })
    expect(await refused(call(answer, "GET", `/${id}`))).toMatchObject({ status: 404 })
    expect(await refused(call(answer, "POST", "", { ...hello, previous_response_id: id }))).toEqual({
      status: 400,
      param: "previous_response_id",
      code: "previous_response_not_found",
      message: `Previous response with id '${id}' not found.`,
    })
  })

  test("a streamed response is kept too", async () => {
    const answer = mock()
    const stream = readResponseStream(
      decode(bytesOf(await call(answer, "POST", "", { ...hello, stream: true }))),
    )
    const final = assembleResponse(stream.items)?.final
    expect(canonicalResponse(await retrieve(answer, final?.id ?? ""))).toEqual(final)
  })

  test("a conversation goes on from the previous response, over several", async () => {
    const answer = mock()
    const tools = [{ type: "function" as const, name: "now" }]
    const first = await respond(answer, { ...hello, tools })
    const [made] = first.output
    if (made?.type !== "function_call") throw new Error("The tool is called")
    const output = { type: "function_call_output" as const, call_id: made.call_id, output: "noon" }
    const second = await respond(answer, { ...hello, tools, previous_response_id: first.id, input: [output] })
    expect(textOf(second)).toMatch(/^You said: "Hello"\. A tool answered: "noon"\. /)
    expect(second.previous_response_id).toBe(first.id)
    const third = await respond(answer, { ...hello, previous_response_id: second.id, input: [] })
    expect(textOf(third)).toMatch(/^You said: "Hello"\. A tool answered: "noon"\. /)
    expect(third.usage?.input_tokens).toBeGreaterThan(second.usage?.input_tokens ?? 0)
    expect(typesOf((await listItems(answer, second.id)).data)).toEqual(["function_call_output"])
  })

  test("an item can be referred to by its id", async () => {
    const answer = mock()
    const { output } = await respond(answer, hello)
    const [said] = output
    if (said?.type !== "message") throw new Error("The reply is a message")
    const input = [
      { type: "item_reference" as const, id: said.id },
      { role: "user" as const, content: "Go on" },
    ]
    const { id } = await respond(answer, { ...hello, input })
    expect((await listItems(answer, id, "?order=asc")).data[0]).toEqual(said)
    expect(
      await refused(call(answer, "POST", "", { ...hello, input: [{ type: "item_reference", id: "msg_x" }] })),
    ).toEqual({
      status: 404,
      param: "input[0].id",
      code: "not_found",
      message: "Item with id 'msg_x' not found.",
    })
  })

  test("an item is no response, however it is spelt", async () => {
    const answer = mock()
    const { output } = await respond(answer, hello)
    const [said] = output
    if (said?.type !== "message") throw new Error("The reply is a message")
    for (const id of [said.id, `item ${said.id}`, `item:${said.id}`]) {
      const reply = call(answer, "GET", `/${encodeURIComponent(id)}`)
      expect(await refused(reply)).toMatchObject({ status: 404, param: "response_id" })
    }
  })

  test("input items are whole: messages with parts, and each with an id of its own", async () => {
    const answer = mock()
    const { id } = await respond(answer, {
      ...hello,
      input: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi" },
        { type: "function_call_output", call_id: "call_1", output: "x" },
        { type: "message", id: "msg_own", role: "user", content: [{ type: "input_text", text: "So" }] },
      ],
    })
    const { data } = await listItems(answer, id)
    expect(data).toEqual<ResponseItem[]>([
      {
        type: "message",
        id: "msg_own",
        status: "completed",
        role: "user",
        content: [{ type: "input_text", text: "So" }],
      },
      { type: "function_call_output", id: expect.stringMatching(/^fco_/), call_id: "call_1", output: "x" },
      {
        type: "message",
        id: expect.stringMatching(/^msg_/),
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", text: "Hi", annotations: [] }],
      },
      {
        type: "message",
        id: expect.stringMatching(/^msg_/),
        status: "completed",
        role: "user",
        content: [{ type: "input_text", text: "Hello" }],
      },
    ])
    expect(new Set(data.map((item) => "id" in item && item.id)).size).toBe(4)
  })

  test("a replayed history may leave out what the server made, and is kept whole", async () => {
    for (const profile of profileNames) {
      const answer = mock({ profile })
      const { id } = await respond(answer, { ...hello, input: replayed })
      const { data } = await listItems(answer, id, "?order=asc&limit=100")
      expect(typesOf(data)).toEqual(replayed.map(({ type }) => type ?? "message"))
      expect(data.every((item) => "id" in item && typeof item.id === "string")).toBe(true)
      expect(data[0]).toMatchObject({ content: [{ type: "output_text", text: "b", annotations: [] }] })
      expect(data[2]).toMatchObject({ call_id: expect.stringMatching(/^call_/), name: "get_weather" })
    }
  })

  test("pages of input items make up the list, in either order", async () => {
    const answer = mock()
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom("asc", "desc"),
        async (count, limit, order) => {
          const input = Array.from({ length: count }, (_, i) => ({
            role: "user" as const,
            content: String(i),
          }))
          const { id } = await respond(answer, { ...hello, input })
          const all = await listItems(answer, id, `?order=${order}&limit=100`)
          const said = input.map(({ content: text }) => ({ content: [{ type: "input_text", text }] }))
          expect(all).toMatchObject({ data: order === "asc" ? said : said.toReversed(), has_more: false })
          const found = []
          for (let after: string | undefined; ; ) {
            const page = await listItems(
              answer,
              id,
              `?order=${order}&limit=${limit}${after ? `&after=${after}` : ""}`,
            )
            found.push(...page.data)
            expect(page.last_id ?? null).toBe(page.data.map((item) => "id" in item && item.id).at(-1) ?? null)
            expect(page.first_id ?? null).toBe(page.data.map((item) => "id" in item && item.id)[0] ?? null)
            if (!page.has_more) break
            expect(page.data).toHaveLength(limit)
            after = page.last_id ?? undefined
          }
          expect(found).toEqual(all.data)
        },
      ),
      { numRuns: 50 },
    )
  })

  test("paging ends though a client gave two items one id", async () => {
    const answer = mock()
    const item = { type: "message" as const, id: "msg_own", role: "user" as const, content: "x" }
    const { id } = await respond(answer, { ...hello, input: [item, item] })
    expect(await listItems(answer, id, "?limit=1")).toMatchObject({ last_id: "msg_own", has_more: true })
    expect(await listItems(answer, id, "?limit=1&after=msg_own")).toMatchObject({ data: [], has_more: false })
  })

  test("lists have twenty items unless told otherwise, and begin after a known one", async () => {
    const answer = mock()
    const input = Array.from({ length: 21 }, () => ({ role: "user" as const, content: "x" }))
    const { id } = await respond(answer, { ...hello, input })
    expect(await listItems(answer, id)).toMatchObject({ data: { length: 20 }, has_more: true })
    expect(await refused(call(answer, "GET", `/${id}/input_items?after=msg_x`))).toMatchObject({
      status: 400,
      param: "after",
    })
    expect(await refused(call(answer, "GET", `/${id}/input_items?limit=0`))).toMatchObject({
      status: 400,
      param: "limit",
    })
  })
})

test.each([
  ["input[0].content[0].image_url", { type: "input_image", image_url: "data:image/png;base64,!" }],
  ["input[0].content[0].file_data", { type: "input_file", file_data: "!" }],
])("data at %s that is no base64 is refused", async (param, part) => {
  const answer = mock()
  const input = [{ role: "user", content: [part] }]
  expect(await refused(call(answer, "POST", "", { ...hello, input }))).toMatchObject({ status: 400, param })
  const output = [{ type: "function_call_output", call_id: "call_1", output: [part] }]
  expect(await refused(call(answer, "POST", "", { ...hello, input: output }))).toMatchObject({
    status: 400,
    param: param.replace("content", "output"),
  })
})

test("members that exclude each other, or are missing, are refused by name", async () => {
  const answer = mock({ strictModels: true })
  const param = async (body: object) => refused(call(answer, "POST", "", body))
  expect(await param({ ...hello, previous_response_id: "a", conversation: "b" })).toMatchObject({
    status: 400,
    param: "previous_response_id",
  })
  expect(await param({ model: "gpt-4o" })).toMatchObject({ status: 400, param: "input" })
  expect(await param({ ...hello, max_output_tokens: 1 })).toMatchObject({ param: "max_output_tokens" })
  expect(await param({ ...hello, model: "no-such" })).toMatchObject({ status: 404, param: "model" })
})

/** A request in which one value is another. */
const spoiled = fc
  .tuple(responseRequests, fc.nat(), fc.jsonValue({ maxDepth: 2 }))
  .map(([request, choice, value]) => {
    const text = JSON.stringify(request)
    let count = 0
    JSON.parse(text, (_, inner) => {
      count++
      return inner
    })
    let place = choice % count
    return JSON.parse(text, (name, inner) => (place-- === 0 && name !== "" ? value : inner))
  })

test("whatever is asked, the answer is by the contract, and so is the list of what was asked", async () => {
  const answer = mock()
  await fc.assert(
    fc.asyncProperty(spoiled, async (body) => {
      const reply = await call(answer, "POST", "", { ...body, store: true, stream: false })
      if (reply.status === 200) {
        const { id } = ResponseObject.parse(jsonOf(reply))
        const { data } = await listItems(answer, id)
        expect(data.every((item) => "id" in item && typeof item.id === "string")).toBe(true)
      } else {
        expect(reply.status).toBeLessThan(500)
        ErrorResponse.parse(jsonOf(reply))
      }
    }),
    { numRuns: 500 },
  )
})

test("OpenAI's replies repeat tools with their defaults, and count what was written to the cache", async () => {
  const { tools, usage } = await respond(mock({ profile: "openai" }), {
    ...hello,
    tools: [
      { type: "function", name: "now" },
      { type: "function", name: "then", strict: false },
    ],
  })
  expect(tools).toEqual([
    { type: "function", name: "now", description: null, parameters: null, strict: true },
    { type: "function", name: "then", description: null, parameters: null, strict: false },
  ])
  expect(usage?.input_tokens_details).toEqual({ cached_tokens: 0, cache_write_tokens: 0 })
})

test("a stored response is not streamed", async () => {
  const answer = mock()
  const { id } = await respond(answer, hello)
  expect(await refused(call(answer, "GET", `/${id}?stream=true`))).toMatchObject({
    status: 400,
    param: "stream",
  })
  expect((await call(answer, "GET", `/${id}?stream=false`)).status).toBe(200)
})

test("OpenAI's replies show members that nothing was said of", async () => {
  const silent = [
    "background",
    "frequency_penalty",
    "max_tool_calls",
    "presence_penalty",
    "service_tier",
    "top_logprobs",
    "user",
  ]
  const [nexhina, openai] = await Promise.all(
    profileNames.map(async (profile) => Object.keys(await respond(mock({ profile }), hello))),
  )
  expect(silent.filter((name) => nexhina?.includes(name))).toEqual([])
  expect(silent.filter((name) => openai?.includes(name))).toEqual(silent)
})

test.each([
  ["text", {}],
  ["a cut text", { max_output_tokens: 16, reasoning: { effort: "minimal" } }],
  [
    "the arguments of a call",
    {
      tools: [{ type: "function", name: "weather", parameters: { type: "object" }, strict: null }],
      tool_choice: "required",
    },
  ],
] satisfies [string, Partial<ResponseRequest>][])(
  "the deltas of %s carry one token each",
  async (_, more) => {
    const answer = mock()
    const { usage } = await respond(answer, { ...hello, ...more })
    const { events } = readResponseStream(
      decode(bytesOf(await call(answer, "POST", "", { ...hello, ...more, stream: true }))),
    )
    const deltas = events.filter(({ type }) => /(?<!summary_text)\.delta$/.test(type))
    expect(deltas).toHaveLength(usage?.output_tokens ?? -1)
  },
)
