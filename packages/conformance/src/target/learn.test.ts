import { catalogue } from "@nexhina/schemas"
import type { ExchangeEnd } from "@nexhina/wire"
import { describe, expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import { createAdaptation } from "./adaptation.ts"
import type { ExecutedSample, Sample } from "./execute.ts"
import { KeyRefused, learn, type StatedFacts, Unreachable } from "./learn.ts"
import type { Sampler } from "./sampler.ts"
import { fixedSteps } from "./step.ts"

/** What the target answers: one status per request of a probe, or none; the last one for all that follow. */
interface Answers {
  readonly list?: readonly (number | undefined)[]
  readonly chat?: readonly (number | undefined)[]
  readonly keyless?: readonly (number | undefined)[]
  readonly listed?: readonly string[]
  /** Status of chats by model, before `chat`. */
  readonly answers?: Readonly<Record<string, number>>
  /** Status of other probes. */
  readonly trials?: Readonly<Record<string, number>>
  readonly end?: Partial<ExchangeEnd>
}

const none: Partial<ExchangeEnd> = { kind: "timeout", stage: "head" }

function samplerOf(answers: Answers) {
  const { list = [200], chat = [200], keyless = [401], listed = ["gpt-4o"], trials = {}, end } = answers
  const groups: ExecutedSample[] = []
  const phases: string[] = []
  const byProbe: Record<string, readonly (number | undefined)[]> = {
    "models.list": list,
    "chat.plain": chat,
    "auth.missing-key": keyless,
  }
  const execute = (sample: Sample): ExecutedSample => {
    const steps = fixedSteps(sample.asks)
    const model = (steps[0]?.body as { readonly model?: string } | undefined)?.model ?? ""
    const own = trials[sample.by] ?? (sample.by === "chat.plain" ? answers.answers?.[model] : undefined)
    const statuses = own === undefined ? (byProbe[sample.by] ?? []) : [own]
    const count = Math.max(steps.length, statuses.length)
    return {
      sample,
      asked: Array.from({ length: count }, (_, at) => {
        const step = steps[at] ?? steps.at(-1) ?? { operation: "listModels" as const }
        const status = at < statuses.length ? statuses[at] : statuses.at(-1)
        const data = listed.map((id) => ({ id, object: "model" }))
        const body = step.operation === "listModels" ? { object: "list", data } : {}
        return {
          step,
          exchange: exchangeOf(status === undefined ? { end: end ?? none } : { status, body }),
        }
      }),
    }
  }
  const sampler: Sampler = {
    executor: {
      sent: 0,
      exhausted: () => undefined,
      ended: () => undefined,
      execute: async (sample) => execute(sample),
    },
    adaptation: createAdaptation(),
    groups,
    progress: () => {},
    attempt: async (sample) => {
      phases.push("learning")
      return execute(sample)
    },
    keep: (executed) => groups.push(executed),
    repeated: () => {},
    async run(samples, phase) {
      phases.push(phase)
      groups.push(...samples.map(execute))
    },
  }
  return { sampler, groups, phases }
}

const stated: StatedFacts = {
  target: { baseUrl: "http://127.0.0.1:1/v1", apiKey: "sk-test", headers: [] },
  profile: "openai",
  traits: [],
  models: {},
  include: ["chat", "models"],
  require: ["chat"],
  deterministic: true,
  maxOutputTokens: 7,
}
const keyless: StatedFacts = { ...stated, target: { ...stated.target, apiKey: undefined } }

const learned = (answers: Answers, facts: StatedFacts = stated) => learn(facts, samplerOf(answers).sampler)

describe("what is stated", () => {
  test("is known", async () => {
    const facts = await learned({}, { ...stated, traits: ["azure"], oversizedBytes: 5 })
    expect(facts).toMatchObject({
      profileName: "openai",
      traits: new Set(["azure", "single-model"]),
      deterministic: true,
      included: new Set(["chat", "models"]),
      required: new Set(["chat"]),
      maxOutputTokens: 7,
      oversizedBytes: 5,
    })
    expect((await learned({}, { ...stated, deterministic: false })).deterministic).toBe(false)
  })

  test("has the voice alloy unless another is stated", async () => {
    expect((await learned({})).voice).toBe("alloy")
    expect((await learned({}, { ...stated, voice: "nova" })).voice).toBe("nova")
  })

  test("has no length of an oversized body unless there is one", async () => {
    expect(await learned({})).not.toHaveProperty("oversizedBytes")
  })
})

describe("models", () => {
  test("are those listed, and the chat asks for the first of its kind", async () => {
    const { sampler, groups } = samplerOf({ listed: ["my-embedder", "my-model", "other"] })
    const facts = await learn(stated, sampler)
    expect(facts.listed).toEqual(["my-embedder", "my-model", "other"])
    expect([facts.models.chat, facts.models.embedding]).toEqual(["my-model", "my-embedder"])
    const chat = groups.find(({ sample }) => sample.by === "chat.plain")
    expect(chat?.asked[0]?.step?.body).toMatchObject({ model: "my-model" })
  })

  test("that are named come before those listed, and documented ones after", async () => {
    const facts = await learned({ listed: ["my-model"] }, { ...stated, models: { chat: "named" } })
    expect(facts.models.chat).toBe("named")
    expect(facts.models.embedding).toBe(catalogue.find(({ kind }) => kind === "embedding")?.id)
  })

  test("are tried where names leave doubt, those of a known kind first, until one answers", async () => {
    const listed = ["babbage-002", "gpt-3.5-turbo-instruct", "my-model", "gpt-4o-2024-08-06"]
    const facts = await learned({ listed, answers: { "my-model": 200 }, chat: [404] })
    expect(facts.models.chat).toBe("my-model")
    expect(facts.choices).toEqual([
      "chat model my-model: listed, with a name that suggests no other kind (also tried gpt-4o-2024-08-06: 404)",
    ])
  })

  test("are a few at most, and the first of them where none answers", async () => {
    const listed = Array.from({ length: 300 }, (_, at) => `model-${at}`)
    const { sampler, phases } = samplerOf({ listed, chat: [400] })
    const facts = await learn({ ...stated, target: keyless.target }, sampler)
    expect([facts.models.chat, phases.length]).toEqual(["model-0", 5])
  })

  test("of a kind that is neither listed nor named prove nothing unless they answer", async () => {
    const include = { ...stated, include: ["embeddings"] } as const
    const refused = await learned({ trials: { "embeddings.text": 404 } }, include)
    expect([refused.unproven, refused.models.embedding]).toEqual([
      new Set(["embedding"]),
      "text-embedding-3-large",
    ])
    const answering = await learned({ trials: { "embeddings.text": 200 } }, include)
    expect(answering.unproven).toEqual(new Set())
    const failing = await learned({ trials: { "embeddings.text": 500 } }, include)
    expect(failing.unproven).toEqual(new Set())
    const named = { ...include, models: { embedding: "mine" } }
    expect((await learned({ trials: { "embeddings.text": 404 } }, named)).unproven).toEqual(new Set())
  })

  test("have the trait single-model where one is listed", async () => {
    expect((await learned({ listed: ["one"] })).traits).toEqual(new Set(["single-model"]))
    expect((await learned({ listed: ["one", "two"] })).traits).toEqual(new Set())
    expect((await learned({ list: [404], listed: [] })).traits).toEqual(new Set())
  })

  test("are the documented ones where there is no list", async () => {
    const facts = await learned({ list: [404], listed: [] })
    expect([facts.listed, facts.models.chat]).toEqual([[], catalogue.find(({ kind }) => kind === "chat")?.id])
  })
})

describe("operations", () => {
  test("are absent that the target says it does not have", async () => {
    expect((await learned({ list: [404], listed: [] })).absent).toEqual(new Set(["listModels"]))
    const neither = await learned({ list: [405], listed: [], chat: [404], keyless: [404] })
    expect(neither.absent).toEqual(new Set(["listModels", "createChatCompletion"]))
  })

  test("are not absent that answer, refuse the key or fail", async () => {
    for (const list of [200, 401, 500, undefined])
      expect((await learned({ list: [list], listed: [] })).absent).toEqual(new Set())
  })
})

test.each([
  ["refused as without the key", [401], [200], "required"],
  ["forbidden", [403], [200], "required"],
  ["answered", [200], [200], "open"],
  ["answered with 299", [299], [200], "open"],
  ["answered with another success than the chat", [204], [500], "open"],
  ["refused in another way, and answered with the key", [404], [200], "required"],
  ["redirected, and answered with the key", [300], [200], "required"],
  ["refused in another way, also with the key", [404], [404], "untested"],
  ["of no known status, also with the key", [199], [300], "untested"],
  ["not answered, and answered with the key", [undefined], [200], "required"],
  ["not answered, nor with the key", [undefined], [undefined], "untested"],
  ["refused, and not answered with the key", [401], [undefined], "required"],
  ["first refused for another reason", [429, 200], [200], "open"],
  ["first answered as a list, then refused as a chat", [200, 401], [200], "required"],
] as const)("a chat without the key is %s: %j and %j mean %s", async (_, without, withKey, auth) => {
  expect((await learned({ keyless: without, chat: withKey })).auth).toBe(auth)
})

test("the last answer to a chat that was sent again decides", async () => {
  expect((await learned({ keyless: [404], chat: [500, 200] })).auth).toBe("required")
  expect((await learned({ keyless: [404], chat: [200, 500] })).auth).toBe("untested")
})

test("where the budget ended before the chats, nothing is known of the key", async () => {
  const { sampler, groups } = samplerOf({})
  const cut: Sampler = {
    ...sampler,
    async run(samples) {
      groups.push(...samples.map((sample) => ({ sample, asked: [], cut: "the budget is used up" })))
    },
    attempt: async (sample) => ({ sample, asked: [], cut: "the budget is used up" }),
  }
  expect((await learn(stated, cut)).auth).toBe("untested")
})

describe("requests", () => {
  const probesOf = (groups: readonly ExecutedSample[]) => groups.map(({ sample }) => sample.by)

  test("come in three steps, because each depends on the one before", async () => {
    const { sampler, groups, phases } = samplerOf({})
    await learn(stated, sampler)
    expect(probesOf(groups)).toEqual(["models.list", "chat.plain", "auth.missing-key"])
    expect(phases).toEqual(["learning", "learning", "learning"])
  })

  test("leave no key out where there is none", async () => {
    const { sampler, groups, phases } = samplerOf({})
    expect((await learn(keyless, sampler)).auth).toBe("untested")
    expect(probesOf(groups)).toEqual(["models.list", "chat.plain"])
    expect(phases).toEqual(["learning", "learning"])
  })
})

describe("a target that cannot be reached", () => {
  test.each([
    [{ kind: "network", stage: "connect", code: "ECONNREFUSED" }, "ECONNREFUSED"],
    [{ kind: "timeout", stage: "connect" }, "timeout"],
    [{ kind: "timeout", stage: "connect", code: "timeoutMs" }, "no connection within the time of --timeout"],
    [{ kind: "network", stage: "connect", code: "ENOTFOUND" }, "ENOTFOUND (the name of the host is unknown)"],
    [
      { kind: "network", stage: "connect", code: "EAI_AGAIN" },
      "EAI_AGAIN (the name of the host cannot be looked up now)",
    ],
    [
      { kind: "network", stage: "connect", code: "EPROTO" },
      "EPROTO (it does not answer as a TLS server; if it speaks plain HTTP, use http://)",
    ],
    ...[
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "SELF_SIGNED_CERT_IN_CHAIN",
      "UNABLE_TO_GET_ISSUER_CERT",
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ].map(
      (code) =>
        [
          { kind: "network", stage: "connect", code },
          `${code}; pass its certificate authority with --ca-cert`,
        ] as const,
    ),
  ] as const)("is named, with the reason: %j", async (end, why) => {
    const { sampler, groups } = samplerOf({ list: [undefined], end })
    const error = await learn(stated, sampler).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Unreachable)
    expect(error).toMatchObject({
      name: "Unreachable",
      message: `cannot reach http://127.0.0.1:1/v1: ${why}`,
    })
    expect(groups).toHaveLength(1)
  })

  test.each([
    ["PROXY_407", "the proxy answered 407; put its user and password into the URL of the proxy"],
    ["PROXY_502", "the proxy answered 502"],
    ["ECONNREFUSED", "ECONNREFUSED"],
  ])("is named with the proxy between: %s", async (code, why) => {
    const answers: Answers = { list: [undefined], end: { kind: "network", stage: "connect", code } }
    await expect(learned(answers, { ...stated, proxy: "http://proxy.example:3128" })).rejects.toThrow(
      new Unreachable(
        `cannot reach http://127.0.0.1:1/v1 through the proxy http://proxy.example:3128: ${why}`,
      ),
    )
  })

  test("is not one that merely answers nothing", async () => {
    await expect(learned({ list: [undefined] })).resolves.toMatchObject({ listed: [] })
  })
})

describe("a target that refuses the key", () => {
  const refused = (answers: Answers, facts: StatedFacts = stated) =>
    learned(answers, facts).then(
      () => undefined,
      (error: unknown) => error,
    )
  const remedy = "pass a valid key with --api-key or $NEXHINA_API_KEY"

  test("is named, with status and remedy", async () => {
    const error = await refused({ list: [401], chat: [401] })
    expect(error).toBeInstanceOf(KeyRefused)
    expect(error).toMatchObject({
      name: "KeyRefused",
      message: `http://127.0.0.1:1/v1 refuses the API key (401); ${remedy}`,
    })
    expect(await refused({ list: [403], chat: [401] }, keyless)).toMatchObject({
      message: `http://127.0.0.1:1/v1 refuses a request without an API key (403); ${remedy}`,
    })
  })

  test("is one that refuses all requests that it answers, whatever it does without the key", async () => {
    expect(await refused({ list: [undefined], chat: [401], keyless: [200] })).toBeInstanceOf(KeyRefused)
    expect(await refused({ list: [401], chat: [200] })).toBeUndefined()
    expect(await refused({ list: [200], chat: [401] })).toBeUndefined()
    expect(await refused({ list: [404], chat: [403] })).toBeUndefined()
    expect(await refused({ list: [undefined], chat: [undefined] })).toBeUndefined()
  })
})
