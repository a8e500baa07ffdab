import { describe, expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import { createAdaptation } from "./adaptation.ts"
import type { Step } from "./step.ts"

const chat = (members: object = {}): Step => ({
  operation: "createChatCompletion",
  body: { model: "o3", messages: [{ role: "user", content: "Hi." }], ...members },
})

const refusal = (message: string, facts: { param?: string | null; code?: string; status?: number } = {}) => {
  const { param = null, code = null, status = 400 } = facts
  return exchangeOf({ status, body: { error: { message, type: "invalid_request_error", param, code } } })
}

/** What OpenAI's reasoning models answer. */
const noMaxTokens = refusal(
  "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
  { param: "max_tokens", code: "unsupported_parameter" },
)
const tooSmall = refusal(
  "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.",
)

const bodyOf = ({ body }: Step) => body as Readonly<Record<string, unknown>>

/** The body of a chat after these lessons, each learned from a chat with the members. */
function afterLessons(members: object, ...replies: readonly ReturnType<typeof refusal>[]) {
  const adaptation = createAdaptation()
  for (const reply of replies) adaptation.learn(adaptation.adapted(chat(members)).step, reply)
  const { model: _, messages: __, ...others } = bodyOf(adaptation.adapted(chat(members)).step)
  return others
}

describe("a target that refuses a member by name is asked without it", () => {
  test("the limit has another name", () => {
    expect(afterLessons({ max_tokens: 9 }, noMaxTokens)).toEqual({ max_completion_tokens: 9 })
    expect(
      afterLessons(
        { max_completion_tokens: 9 },
        refusal("unknown parameter", { param: "max_completion_tokens" }),
      ),
    ).toEqual({ max_tokens: 9 })
  })

  test("a limit that is refused under both names is left out", () => {
    const other = refusal("max_completion_tokens: Extra inputs are not permitted")
    expect(afterLessons({ max_tokens: 9 }, noMaxTokens, other)).toEqual({})
  })

  test.each([
    ["Unsupported value: 'temperature' does not support 0.5 with this model.", "temperature"],
    ["stop is not supported with this model", "stop"],
    ["`n` is currently not supported", "n"],
    ["Unrecognized request argument supplied: seed", "seed"],
  ])("%s", (message, name) => {
    expect(afterLessons({ [name]: 1, top_p: 1 }, refusal(message))).toEqual({ top_p: 1 })
  })

  test("what means nothing without it goes too", () => {
    const reply = refusal("'logprobs' is not supported with this model.")
    expect(afterLessons({ logprobs: true, top_logprobs: 2 }, reply)).toEqual({})
  })

  test("and says which, and so do the steps", () => {
    const adaptation = createAdaptation()
    expect(adaptation.learn(chat({ max_tokens: 9 }), noMaxTokens)).toBe(true)
    expect(adaptation.learned).toEqual([
      "POST /chat/completions: refuses max_tokens (400), asked with max_completion_tokens in its place",
    ])
    expect(adaptation.adapted(chat({ max_tokens: 9 })).refused).toEqual(new Map([["max_tokens", 400]]))
    expect(adaptation.adapted(chat()).refused).toEqual(new Map())
  })
})

describe("nothing is learned from", () => {
  test.each([
    ["a value that is refused", refusal("temperature must be at most 1", { param: "temperature" })],
    ["a member that every request has", refusal("messages: unsupported", { param: "messages" })],
    ["a refusal of something else", refusal("Unsupported model", { param: "model" })],
    ["another status", refusal("'temperature' is not supported", { status: 500 })],
  ])("%s", (_, reply) => {
    expect(afterLessons({ temperature: 1 }, reply)).toEqual({ temperature: 1 })
  })

  test.each([
    ["a request that is wrong on purpose", { fault: { kind: "missing", says: "" } }],
    ["a request with another key", { key: "wrong" }],
  ] as const)("%s", (_, facts) => {
    const adaptation = createAdaptation()
    expect(adaptation.learn({ ...chat({ max_tokens: 9 }), ...facts }, noMaxTokens)).toBe(false)
  })

  test("what another model or operation refuses", () => {
    const adaptation = createAdaptation()
    adaptation.learn(chat({ max_tokens: 9 }), noMaxTokens)
    const other = chat({ model: "gpt-4o", max_tokens: 9 })
    expect(adaptation.adapted(other).step).toBe(other)
  })
})

test("a limit that leaves no room for an answer is raised, up to a bound", () => {
  expect(afterLessons({ max_tokens: 3 }, tooSmall)).toEqual({ max_tokens: 256 })
  expect(afterLessons({ max_tokens: 3 }, tooSmall, tooSmall)).toEqual({ max_tokens: 1024 })
  expect(afterLessons({ max_tokens: 3 }, tooSmall, tooSmall, tooSmall, tooSmall)).toEqual({
    max_tokens: 4096,
  })
})

describe("a reply that is cut before the model says a word raises the limit", () => {
  const cut = (message: object, usage: object = {}) =>
    exchangeOf({ body: { choices: [{ message, finish_reason: "length" }], usage } })
  const thought = { completion_tokens_details: { reasoning_tokens: 64 } }

  test.each([
    ["by its usage", cut({ content: "" }, thought), 256],
    ["by its reasoning", cut({ content: null, reasoning_content: "Let me see" }), 256],
    ["not when there is no sign of thought", cut({ content: "" }), 64],
    ["not when there is text", cut({ content: "Well" }, thought), 64],
    ["not when a tool is called", cut({ content: null, tool_calls: [{}] }, thought), 64],
  ] as const)("%s", (_, reply, limit) => {
    expect(afterLessons({ max_tokens: 64 }, reply)).toEqual({ max_tokens: limit })
  })

  test("but not when thought was asked for", () => {
    const asked = { max_tokens: 64, reasoning_effort: "high" }
    expect(afterLessons(asked, cut({ content: "" }, thought))).toEqual(asked)
  })

  test("but not a limit that is there to cut", () => {
    expect(afterLessons({ max_tokens: 3 }, cut({ content: "" }, thought))).toEqual({ max_tokens: 3 })
  })

  test("also of a response", () => {
    const adaptation = createAdaptation()
    const step: Step = {
      operation: "createResponse",
      body: { model: "o3", input: "Hi.", max_output_tokens: 64 },
    }
    const body = { status: "incomplete", output: [{ type: "reasoning" }] }
    expect(adaptation.learn(step, exchangeOf({ body }))).toBe(true)
    expect(bodyOf(adaptation.adapted(step).step)["max_output_tokens"]).toBe(256)
  })
})

test("a request with a wrong key, or none, is asked as the target wants to be asked, and teaches nothing", () => {
  const adaptation = createAdaptation()
  const wrong: Step = { ...chat({ max_tokens: 64 }), key: "wrong" }
  expect(adaptation.learn(wrong, noMaxTokens)).toBe(false)
  expect(adaptation.adapted(wrong).step).toEqual(wrong)
  adaptation.learn(chat({ max_tokens: 64 }), noMaxTokens)
  expect(adaptation.adapted(wrong).step).toEqual({ ...chat({ max_completion_tokens: 64 }), key: "wrong" })
})

test.each([
  [422, "Field required"],
  [415, "Unsupported media type"],
  [400, "[{'type': 'missing', 'loc': ('body', 'prompt'), 'msg': 'Field required'}]"],
])("a target that reads videos only from forms is asked with forms (%i)", (status, message) => {
  const adaptation = createAdaptation()
  const video: Step = { operation: "createVideo", body: { model: "sora", prompt: "A ball." } }
  expect(adaptation.learn(video, refusal(message, { status }))).toBe(true)
  expect(adaptation.adapted(video).step).toEqual({ ...video, asForm: true })
})

describe("a body that is spoilt on purpose carries only members that were taken", () => {
  const fault = { kind: "wrong-type", param: "messages", says: "messages is a number" } as const
  const spoilt = (members: object): Step => ({ ...chat({ ...members, messages: 1 }), fault })

  test("not those that were refused by name, nor those that were refused without one and never taken", () => {
    const adaptation = createAdaptation()
    adaptation.adapted(chat())
    adaptation.learn(chat({ temperature: 1 }), refusal("'temperature' is not supported"))
    adaptation.learn(chat({ seed: 1, user: "ada" }), refusal("No."))
    adaptation.learn(chat({ user: "ada" }), exchangeOf({ status: 200 }))
    const { step } = adaptation.adapted(spoilt({ temperature: 1, seed: 1, user: "ada", top_p: 1 }))
    expect(bodyOf(step)).toEqual({ model: "o3", messages: 1, user: "ada", top_p: 1 })
  })

  test("but what is spoilt stays, and so does what makes it so", () => {
    const adaptation = createAdaptation()
    adaptation.adapted(chat())
    adaptation.learn(chat({ logprobs: true }), refusal("'logprobs' is not supported"))
    const unpaired: Step = {
      ...chat({ top_logprobs: 2 }),
      fault: { kind: "check", param: "top_logprobs", says: "top_logprobs is set without logprobs" },
    }
    expect(bodyOf(adaptation.adapted(unpaired).step)).toEqual(bodyOf(unpaired))
  })
})
