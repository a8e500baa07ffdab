import { surfaces } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { matches, settingsOf } from "./options.ts"

test("nothing given: every option has its default or is absent", () => {
  expect(settingsOf({}, {})).toEqual({
    baseUrl: undefined,
    apiKey: undefined,
    header: undefined,
    caCert: undefined,
    profile: "nexhina",
    trait: [],
    model: undefined,
    embeddingModel: undefined,
    moderationModel: undefined,
    imageModel: undefined,
    speechModel: undefined,
    transcriptionModel: undefined,
    videoModel: undefined,
    rerankModel: undefined,
    voice: "alloy",
    wait: undefined,
    quick: false,
    include: undefined,
    require: [],
    rule: ["*"],
    skip: [],
    seed: 1,
    runs: 10,
    deterministic: false,
    dryRun: false,
    maxRequests: 5000,
    maxOutputTokens: 64,
    oversizedBody: undefined,
    maxTime: 900,
    rate: undefined,
    concurrency: 4,
    timeout: 60,
    strict: false,
    requirements: undefined,
    baseline: undefined,
    updateBaseline: false,
    transcript: undefined,
    report: [{ format: "console" }],
  })
})

test("the command line wins over the configuration file, and both are read alike", () => {
  const settings = settingsOf(
    {
      seed: "7",
      rule: ["stream.*", "sse.*,usage.*"],
      header: ["X-Tenant-Id: a: b"],
      report: ["json=out.json", "console"],
    },
    { seed: 3, profile: "openai", trait: ["azure"], baseUrl: "http://127.0.0.1:4010/v1/" },
  )
  expect(settings).toMatchObject({
    seed: 7,
    profile: "openai",
    trait: ["azure"],
    baseUrl: "http://127.0.0.1:4010/v1",
    rule: ["stream.*", "sse.*", "usage.*"],
    header: [["X-Tenant-Id", "a: b"]],
    report: [{ format: "json", file: "out.json" }, { format: "console" }],
  })
})

test.each([
  [{ seed: "abc" }, {}, /^--seed: .*got "abc"$/],
  [{ profile: "azure" }, {}, /^--profile: expected nexhina or openai, got "azure"$/],
  [{ baseUrl: "ftp://x" }, {}, /^--base-url: Expected an http or https URL/],
  [
    { baseUrl: "http://user:pass@127.0.0.1/v1" },
    {},
    /^--base-url: Expected a URL without user, query or fragment/,
  ],
  [
    { baseUrl: "http://127.0.0.1/v1?key=1" },
    {},
    /^--base-url: Expected a URL without user, query or fragment/,
  ],
  [{ report: ["pdf"] }, {}, /^--report: Expected one of console, json, junit/],
  [{ report: ["json="] }, {}, /^--report: Expected a file after 'json=', or 'json' alone/],
  [{}, { report: "html=" }, /^configuration: report: Expected a file after 'html=', or 'html' alone/],
  [{ shard: "1/999999" }, {}, /^--shard: Expected I\/N, .*of at most 9999 parts, got "1\/999999"$/],
  [{ shard: "5/4" }, {}, /^--shard: Expected I\/N/],
  [{}, { profil: "openai" }, /^configuration: unknown member 'profil'; did you mean 'profile'\?$/],
  [{}, { nonsense: 1 }, /^configuration: unknown member 'nonsense'; known are baseUrl/],
  [{ maxRequest: 5 }, {}, /^unknown option 'maxRequest'; did you mean 'maxRequests'\?$/],
  [{}, { maxRequests: 0 }, /^configuration: maxRequests: expected at least 1, got 0$/],
  [{}, { maxRequests: "many" }, /^configuration: maxRequests: expected a number, got "many"$/],
  [{}, { maxRequests: Number.NaN }, /^configuration: maxRequests: expected a number, got NaN$/],
  [{}, { quick: "yes" }, /^configuration: quick: expected true or false, got "yes"$/],
  [{}, { model: ["a"] }, /^configuration: model: expected a string, got \["a"\]$/],
  [{}, { baseUrl: 5 }, /^configuration: baseUrl: expected a string$/],
  [{}, { trait: ["azur"] }, /^configuration: trait: expected .*azure.*, got \["azur"\]$/],
])("%j with %j is refused by name", (flags, file, message) => {
  expect(() => settingsOf(flags, file)).toThrow(message)
})

test("a message never repeats a value that may hold a secret", () => {
  for (const flags of [{ header: ["sk-secret"] }, { apiKey: "" }, { baseUrl: "http://u:sk-secret@h/v1" }]) {
    expect(() => settingsOf(flags, {})).toThrow(/^--(header|api-key|base-url): /)
    expect(() => settingsOf(flags, {})).not.toThrow(/sk-secret/)
  }
})

test("a star stands for anything, every other character for itself", () => {
  const plain = fc.string().map((text) => text.replaceAll("*", ""))
  fc.assert(
    fc.property(plain, fc.string(), plain, (head, middle, tail) => {
      expect(matches(`${head}*${tail}`, `${head}${middle}${tail}`)).toBe(true)
      expect(matches(head, `${head}${tail}`)).toBe(tail === "")
    }),
  )
  expect(matches("stream.*", "stream.finish-once")).toBe(true)
  expect(matches("stream.*", "streamXfinish")).toBe(false)
  expect(matches("sse.done", "sse.done-once")).toBe(false)
})

test("all surfaces, or some in the order of the contract", () => {
  expect(settingsOf({ include: "all" }).include).toEqual(surfaces)
  expect(settingsOf({ include: ["rerank", "chat"] }).include).toEqual(["chat", "rerank"])
})
