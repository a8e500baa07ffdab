import type { OperationId, ResponseRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { callOf, dataOf, messageOf, replyOf, responseOf, streamOfEvents } from "../../test/response-stream.ts"
import type { Evidence } from "../evidence.ts"
import type { Probe } from "../probe.ts"
import * as probes from "../probes/responses.ts"
import type { Rule } from "../rule.ts"
import { type Ask, fixedSteps, stepsAfter } from "../target/step.ts"
import { contractBreach } from "../target/to-wire.ts"
import { responseRequestRules } from "./response-requests.ts"
import { responseStreamRules } from "./response-streams.ts"
import { responseRules } from "./responses.ts"

const rules: readonly Rule[] = responseRequestRules
const known = knownOf({ deterministic: true })
const ruleOf = (id: string) => rules.filter((rule) => rule.id === id)
const one = (id: string): Rule => {
  const [rule] = ruleOf(id)
  if (!rule) throw new Error(`no rule ${id}`)
  return rule
}

const names = (id: string, exchanges: readonly Evidence[]) =>
  found(ruleOf(id), exchanges, known).map(([, fault]) => fault)

const error = (message: string, param: string | null = null, code: string | null = null) => ({
  error: { message, type: "invalid_request_error", param, code },
})
/** The functions of other requests go without saying. */
const bare = {}
const refused = (request: Partial<ResponseRequest>, body: object = error("Bad input", "input")) =>
  replyOf(body, request, { status: 400 })

const shapes: [fault: string, input: ResponseRequest["input"]][] = [
  ["text", "Hi."],
  ["messages", [{ role: "user", content: "Hi." }]],
  ["typed-messages", [{ type: "message", role: "user", content: "Hi." }]],
  ["parts", [{ role: "user", content: [{ type: "input_text", text: "Hi." }] }]],
  ["roles", [{ role: "system", content: "Be kind." }]],
  [
    "calls",
    [
      { type: "function_call", call_id: "c", name: "get_weather", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output: "18" },
    ],
  ],
]

describe("inputs", () => {
  test.each(shapes)("a refused input (%s) is found, and one that is taken is legal", (fault, input) => {
    expect(names("resp.accepts-input-shapes", [refused({ input, ...bare })])).toEqual([fault])
    expect(names("resp.accepts-input-shapes", [replyOf(responseOf(), { input, ...bare })])).toEqual([])
  })

  test("a developer's message may be too new", () => {
    const input: ResponseRequest["input"] = [{ role: "developer", content: "Be kind." }]
    expect(found(rules, [refused({ input, ...bare })], known).map(([rule]) => rule)).toEqual([
      "resp.accepts-developer-role",
    ])
  })

  test("a refusal for the model or another member is none of the input", () => {
    const input = "Hi."
    for (const [message, param] of [
      ["No such model", "model"],
      ["max_output_tokens is too low", null],
    ] as const)
      expect(
        names("resp.accepts-input-shapes", [
          refused({ input, ...bare, max_output_tokens: 16 }, error(message, param)),
        ]),
      ).toEqual([])
  })

  test("a limit that was used up, and other refusals than of the input, decide nothing", () => {
    const others = [
      refused(
        { input: "Hi.", ...bare },
        error("Could not finish the message because max_tokens or model output limit was reached."),
      ),
      refused({ input: "Hi.", ...bare, max_output_tokens: 16 }, error("max_output_tokens is too low")),
      replyOf(error("Not here."), { input: "Hi.", ...bare }, { status: 404 }),
    ]
    expect(names("resp.accepts-input-shapes", others)).toEqual([])
    expect(judgedBy(ruleOf("resp.accepts-input-shapes"), others)).toEqual([])
  })

  test("images are for servers that see them", () => {
    const input: ResponseRequest["input"] = [
      { role: "user", content: [{ type: "input_image", image_url: "x" }] },
    ]
    expect(judgedBy(ruleOf("resp.accepts-input-shapes"), [refused({ input, ...bare })])).toEqual([])
  })
})

test("a refused member has to be named", () => {
  const request = { metadata: { run: "1" }, ...bare }
  const id = "resp.accepts-documented-params"
  expect(names(id, [refused(request, error("Bad request"))])).toEqual(["unnamed"])
  expect(names(id, [refused(request, error("metadata is not supported"))])).toEqual([])
  expect(names(id, [refused(request, error("Bad input", "input"))])).toEqual([])
  const previous = { ...request, previous_response_id: "resp_0" }
  expect(judgedBy(ruleOf(id), [refused(previous, error("Not found"))])).toEqual([])
})

describe("calls and results", () => {
  const calling = replyOf(responseOf({ output: [callOf("Paris")] }), { tool_choice: "required" })
  const input: ResponseRequest["input"] = [
    { type: "function_call_output", call_id: "call_fc_1", output: "18" },
  ]

  test("are asked for with the calls that came, whole or streamed, and without the server's ids", () => {
    const streamed = streamOfEvents(dataOf(responseOf({ output: [callOf("Paris")] })), {
      tool_choice: "required",
    })
    const asks = fc.sample(one("resp.round-trip").asks?.(known) as fc.Arbitrary<readonly Ask[]>, 1)[0]
    for (const first of [calling, streamed]) {
      const [step] = stepsAfter(asks?.[1], [first])
      expect(step?.body).toMatchObject({
        input: [
          { role: "user" },
          { type: "function_call", call_id: "call_fc_1", name: "get_weather", arguments: '{"city":"Paris"}' },
          { type: "function_call_output", call_id: "call_fc_1" },
        ],
      })
      expect(JSON.stringify(step?.body)).not.toContain('"id"')
    }
  })

  test.each<[string, Evidence, string[]]>([
    ["answered", replyOf(responseOf(), { input }), []],
    ["refused", refused({ input }), ["refused"]],
    ["not answered", replyOf(responseOf({ output: [] }), { input }), ["not-answered"]],
  ])("%s", (_, answer, faults) => {
    expect(names("resp.round-trip", [calling, answer])).toEqual(faults)
  })
})

describe("its own output", () => {
  const question = "Name a colour."
  const first = replyOf(responseOf(), { input: question })
  const input: ResponseRequest["input"] = [{ role: "user", content: question }, messageOf("Hello there!")]

  test("is sent back as it came", () => {
    const [, next] = (one("resp.replay-own-output").asks?.(known) ?? []) as readonly Ask[]
    expect(stepsAfter(next, [first])).toMatchObject([
      { body: { input: [{ content: question }, messageOf("Hello there!"), { role: "user" }] } },
    ])
    expect(stepsAfter(next, [replyOf({}, { input: question })])).toEqual([])
  })

  test("may not be refused", () => {
    expect(names("resp.replay-own-output", [first, replyOf(responseOf(), { input })])).toEqual([])
    expect(names("resp.replay-own-output", [first, refused({ input })])).toEqual(["refused"])
    expect(judgedBy(ruleOf("resp.replay-own-output"), [first])).toEqual([])
  })
})

describe("a stream and the whole", () => {
  const whole = replyOf(responseOf())
  const told = (members: Parameters<typeof responseOf>[0]) => streamOfEvents(dataOf(responseOf(members)))

  test.each<[string, Evidence, string[]]>([
    [
      "say the same under other ids",
      told({ id: "resp_2", output: [messageOf("Hello there!", "msg_2")] }),
      [],
    ],
    [
      "write the members of the usage in another order",
      told({ usage: { total_tokens: 12, output_tokens: 4, input_tokens: 8 } }),
      [],
    ],
    ["say another text", told({ output: [messageOf("Hello.")] }), ["other-output"]],
    [
      "end in another way",
      told({ status: "incomplete", incomplete_details: { reason: "content_filter" } }),
      ["other-status"],
    ],
    [
      "count otherwise",
      told({ usage: { input_tokens: 9, output_tokens: 4, total_tokens: 13 } }),
      ["other-usage"],
    ],
  ])("%s", (_, stream, faults) => {
    const all = [...responseRules, ...responseStreamRules, ...rules]
    expect(
      found(all, [whole, stream, whole], known).flatMap(([rule, fault]) =>
        rule === "resp.stream-equals-whole" ? [fault] : [],
      ),
    ).toEqual(faults)
  })

  test("are compared where the target is deterministic", () => {
    expect(judgedBy(ruleOf("resp.stream-equals-whole"), [whole, told({}), whole], knownOf())).toEqual([])
  })

  test("are not compared where two whole responses differ by themselves", () => {
    const again = replyOf(responseOf({ output: [messageOf("Hello, you!")] }))
    const exchanges = [whole, told({ output: [messageOf("Hello.")] }), again]
    expect(found(ruleOf("resp.stream-equals-whole"), exchanges, known)).toEqual([])
    expect(judgedBy(ruleOf("resp.stream-equals-whole"), exchanges, known)).toEqual([])
  })
})

const about = (operation: OperationId, body: unknown, status = 200) => exchangeOf({ operation, body, status })
const missing = error("Response not found.", "response_id")
const created = replyOf(responseOf())
const example = responseOf()
const deletion = about("deleteResponse", { id: "resp_1", object: "response", deleted: true })

describe("what is kept", () => {
  test.each<[string, string, readonly Evidence[], string[]]>([
    [
      "retrieved as it was",
      "resp.get-after-create",
      [created, about("retrieveResponse", example), about("retrieveResponse", missing, 404)],
      [],
    ],
    [
      "retrieved without output",
      "resp.get-after-create",
      [created, about("retrieveResponse", { ...example, output: [] })],
      ["differs"],
    ],
    [
      "any id found",
      "resp.get-after-create",
      [created, about("retrieveResponse", example), about("retrieveResponse", example)],
      ["unknown-accepted"],
    ],
    [
      "400 for no response",
      "resp.get-after-create",
      [created, about("retrieveResponse", example), about("retrieveResponse", missing, 400)],
      ["unknown-status"],
    ],
    [
      "one kept that was not to be",
      "resp.get-after-create",
      [
        created,
        about("retrieveResponse", example),
        about("retrieveResponse", missing, 404),
        replyOf(example, { store: false }),
        about("retrieveResponse", example),
      ],
      ["kept-unasked"],
    ],
    ["deleted", "resp.delete-after-create", [created, deletion, about("retrieveResponse", missing, 404)], []],
    [
      "not confirmed",
      "resp.delete-after-create",
      [created, about("deleteResponse", {}), about("retrieveResponse", missing, 404)],
      ["not-confirmed"],
    ],
    [
      "deleted and there",
      "resp.delete-after-create",
      [created, deletion, about("retrieveResponse", example)],
      ["still-there"],
    ],
    [
      "gone at the second deletion",
      "resp.delete-after-create",
      [
        created,
        deletion,
        about("retrieveResponse", example),
        about("deleteResponse", missing, 404),
        about("retrieveResponse", missing, 404),
      ],
      [],
    ],
    ["no list", "resp.input-items", [created, about("listResponseInputItems", {})], ["shape"]],
    [
      "an empty list",
      "resp.input-items",
      [created, about("listResponseInputItems", { object: "list", data: [], has_more: false })],
      ["not-listed"],
    ],
    [
      "gone on from",
      "resp.previous-response",
      [created, replyOf(example), replyOf(missing, {}, { status: 400 })],
      [],
    ],
    [
      "lost",
      "resp.previous-response",
      [
        created,
        about("retrieveResponse", example),
        replyOf(error("No", null, "previous_response_not_found"), {}, { status: 400 }),
      ],
      ["lost"],
    ],
    [
      "instructions that stay",
      "resp.previous-response",
      [created, replyOf({ ...example, instructions: "Be brief." })],
      ["inherits-instructions"],
    ],
    [
      "any id gone on from",
      "resp.previous-response",
      [created, replyOf(example), replyOf(example)],
      ["unknown-accepted"],
    ],
    [
      "409 for no response",
      "resp.previous-response",
      [created, replyOf(example), replyOf(missing, {}, { status: 409 })],
      ["unknown-status"],
    ],
  ])("%s", (_, id, exchanges, faults) => {
    expect(names(id, exchanges)).toEqual(faults)
  })

  test.each(["resp.get-after-create", "resp.delete-after-create", "resp.input-items"])(
    "%s judges no server that keeps nothing",
    (id) => {
      const exchanges = [
        created,
        about("deleteResponse", missing, 404),
        about("listResponseInputItems", missing, 404),
        about("retrieveResponse", missing, 404),
      ]
      expect(judgedBy(ruleOf(id), exchanges)).toEqual([])
    },
  )

  test("a server that refuses previous_response_id is not judged by what it would know", () => {
    const refusal = replyOf(error("Unsupported", "previous_response_id"), {}, { status: 400 })
    expect(judgedBy(ruleOf("resp.previous-response"), [created, refusal])).toEqual([])
  })

  test("a server that does not show a response either has not lost it", () => {
    const lost = replyOf(error("No", null, "previous_response_not_found"), {}, { status: 404 })
    const exchanges = [created, about("retrieveResponse", missing, 404), lost]
    expect(found(ruleOf("resp.previous-response"), exchanges, known)).toEqual([])
    expect(judgedBy(ruleOf("resp.previous-response"), exchanges)).toEqual([])
  })

  test("the output of a call that no item has may be refused, but not as if something else were wrong", () => {
    const input: ResponseRequest["input"] = [{ type: "function_call_output", call_id: "c", output: "18" }]
    const unmatched = [...ruleOf("resp.unmatched-output"), ...ruleOf("resp.accepts-input-shapes")]
    const answer = (status: number) =>
      found(unmatched, [replyOf(error("No tool call found"), { input }, { status })], known)
    for (const status of [200, 400, 404, 422, 429]) expect(answer(status)).toEqual([])
    expect(answer(409).map(([rule, fault]) => `${rule}:${fault}`)).toEqual([
      "resp.unmatched-output:other-status",
    ])
    const ofKey = { error: { message: "Revoked.", type: "invalid_request_error", code: "invalid_api_key" } }
    expect(found(unmatched, [replyOf(ofKey, { input }, { status: 401 })], known)).toEqual([])
  })

  test("what the server gave is asked about, and nothing where it gave no id", () => {
    for (const id of ["resp.get-after-create", "resp.delete-after-create", "resp.input-items"]) {
      const [, next] = (one(id).asks?.(known) ?? []) as readonly Ask[]
      expect(stepsAfter(next, [created]).map(({ params }) => params)).toEqual([{ response_id: "resp_1" }])
      expect(stepsAfter(next, [replyOf({})])).toEqual([])
    }
  })
})

const stockProbes = Object.values(probes).filter(
  (value): value is Probe => typeof value === "object" && "says" in value,
)

test.each(stockProbes.map((probe) => [probe.id, probe] as const))(
  "%s asks what the contract allows",
  (_, probe) => {
    const steps = fixedSteps(probe.asks(knownOf({ maxOutputTokens: 1 })))
    expect(steps.length).toBeGreaterThan(0)
    expect(steps.flatMap((step) => contractBreach(step) ?? [])).toEqual([])
  },
)

const asking = [...responseRules, ...rules].filter((rule) => rule.asks)

test.each(asking.map((rule) => [rule.id, rule] as const))("%s asks what the contract allows", (_, rule) => {
  const asks = rule.asks?.(known) ?? []
  const samples = asks instanceof fc.Arbitrary ? fc.sample(asks, { seed: 1, numRuns: 20 }) : [asks]
  const earlier = [replyOf(responseOf({ output: [callOf("Paris")] }))]
  for (const step of samples.flatMap((sample) => sample.flatMap((ask) => stepsAfter(ask, earlier)))) {
    expect(contractBreach(step)).toBeUndefined()
    expect(step.operation === "createResponse" ? step.exercises : undefined).not.toEqual([])
  }
})
