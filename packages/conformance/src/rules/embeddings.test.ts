import type { EmbeddingResponse } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { longText, shortText } from "../probes/counted-texts.ts"
import { embeddingRules } from "./embeddings.ts"

const at = (pointer: string) => ({ part: "body", pointer }) as const

/** Rules that judge one answer by itself. */
const single = embeddingRules.filter(({ scope }) => scope !== "group")

function base64(values: readonly number[], littleEndian = true): string {
  const bytes = new DataView(new ArrayBuffer(4 * values.length))
  values.forEach((value, index) => {
    bytes.setFloat32(4 * index, value, littleEndian)
  })
  return Buffer.from(bytes.buffer).toString("base64")
}

type Embedding = EmbeddingResponse["data"][number]["embedding"]

const listOf = (vectors: readonly Embedding[], indices = vectors.map((_, index) => index)) => ({
  object: "list",
  data: vectors.map((embedding, place) => ({ object: "embedding", index: indices[place], embedding })),
  model: "m",
  usage: { prompt_tokens: 4, total_tokens: 4 },
})

const answer = (request: object, body: unknown) =>
  exchangeOf({ operation: "createEmbedding", request: { model: "m", ...request }, body })

const v = [0.0023, -0.0094, 0.0157]
const two = { input: ["a", "b"] }

test.each([
  ["one text", { input: "a" }, listOf([v])],
  ["one list of token ids", { input: [1, 2] }, listOf([v])],
  ["two lists of token ids", { input: [[1], [2]] }, listOf([v, v])],
  ["two texts in base64", { ...two, encoding_format: "base64" }, listOf([base64(v), base64(v)])],
  ["reduced vectors", { ...two, dimensions: 3 }, listOf([v, v])],
  ["members besides", { input: "a" }, { ...listOf([v]), id: "e", created: 1 }],
])("%s is legal", (_, request, body) => {
  expect(found(single, [answer(request, body)])).toEqual([])
})

test("vectors in another order are worth a warning and no more", () => {
  expect(found(single, [answer(two, listOf([v, v], [1, 0]))])).toEqual([
    ["emb.order", "other-order", at("/data/0/index")],
  ])
})

test("every base64 of plausible floats is read as little-endian", () => {
  const floats = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1 })
  fc.assert(
    fc.property(
      floats.filter((values) => values.every((value) => Math.abs(value) > 1e-6)),
      (values) => {
        expect(
          found(single, [answer({ input: "a", encoding_format: "base64" }, listOf([base64(values)]))]),
        ).toEqual([])
      },
    ),
  )
})

test.each([
  ["missing", { object: "list", data: [], model: "m" }, "/usage"],
  ["missing", { ...listOf([v]), data: [{ object: "embedding", embedding: v }] }, "/data/0/index"],
  ["wrong-value", { ...listOf([v]), object: "embeddings" }, "/object"],
  ["wrong-value", { ...listOf([v]), data: { 0: v } }, "/data"],
  ["wrong-value", [v], ""],
])("emb.schema: %s in %j", (name, body, pointer) => {
  expect(found(single, [answer({ input: "a" }, body)])).toEqual([["emb.schema", name, at(pointer)]])
})

test("emb.count, and nothing about the numbers of what is not there", () => {
  expect(found(single, [answer(two, listOf([v]))])).toEqual([["emb.count", "too-few", at("/data")]])
  expect(found(single, [answer({ input: "a" }, listOf([v, v]))])).toEqual([
    ["emb.count", "too-many", at("/data")],
  ])
})

test("emb.index, and nothing about the order then", () => {
  expect(found(single, [answer(two, listOf([v, v], [1, 2]))])).toEqual([
    ["emb.index", "out-of-range", at("/data/1/index")],
  ])
  expect(found(single, [answer(two, listOf([v, v], [0, 0]))])).toEqual([
    ["emb.index", "repeated", at("/data/1/index")],
  ])
})

test("emb.dimension", () => {
  expect(found(single, [answer({ input: "a" }, listOf([[]]))])).toEqual([
    ["emb.dimension", "empty", at("/data/0/embedding")],
  ])
  expect(found(single, [answer(two, listOf([v, [1, 2]]))])).toEqual([
    ["emb.dimension", "uneven", at("/data/1/embedding")],
  ])
  expect(found(single, [answer({ ...two, dimensions: 2 }, listOf([v, v]))])).toEqual([
    ["emb.dimension", "other-than-asked", at("/data/0/embedding")],
  ])
})

test("emb.dimension-constant: among answers for one model, where nothing else was asked for", () => {
  const first = answer({ input: "a" }, listOf([v]))
  expect(found(single, [first, answer({ input: "b" }, listOf([[1, 2]]))])).toEqual([
    ["emb.dimension-constant", "changes", at("/data/0/embedding")],
  ])
  expect(found(single, [first, answer({ input: "b", dimensions: 2 }, listOf([[1, 2]]))])).toEqual([])
  expect(found(single, [first, answer({ model: "other", input: "b" }, listOf([[1, 2]]))])).toEqual([])
})

test.each([
  ["not-numbers", {}, base64(v)],
  ["not-numbers", { encoding_format: "float" }, base64(v)],
  ["not-base64", { encoding_format: "base64" }, v],
  ["undecodable", { encoding_format: "base64" }, "AAAA"],
  ["undecodable", { encoding_format: "base64" }, base64(v).replace(/^./, "-")],
  ["undecodable", { encoding_format: "base64" }, base64([1]).replace(/=+$/, "")],
  ["undecodable", { encoding_format: "base64" }, ""],
  ["byte-order", { encoding_format: "base64" }, base64([0.123, -0.456, 0.789, 0.1, 0.2, 0.3], false)],
] satisfies [string, object, Embedding][])("emb.encoding: %s for %j and %j", (name, request, vector) => {
  expect(found(single, [answer({ input: "a", ...request }, listOf([vector]))])).toEqual([
    ["emb.encoding", name, at("/data/0/embedding")],
  ])
})

test("emb.finite", () => {
  const inBase64 = { input: "a", encoding_format: "base64" }
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(found(single, [answer(inBase64, listOf([base64([0.5, value])]))])).toEqual([
      ["emb.finite", "not-finite", at("/data/0/embedding")],
    ])
  expect(found(single, [answer(two, listOf([v, [0, 0, -0]]))])).toEqual([
    ["emb.finite", "all-zero", at("/data/1/embedding")],
  ])
})

test("emb.batch-invariant: small noise is legal, another direction is not", () => {
  const alone = answer({ input: "b" }, listOf([[1, 0.001]]))
  const pair = (vector: number[]) => [answer(two, listOf([[0.5, 0.5], vector])), alone, alone]
  expect(found(embeddingRules, pair([1, 0.002]))).toEqual([])
  expect(found(embeddingRules, pair([1, 0.2]))).toEqual([
    ["emb.batch-invariant", "differs", at("/data/0/embedding")],
  ])
})

test("emb.batch-invariant: embeddings that are never the same twice are not compared", () => {
  const batch = answer(
    two,
    listOf([
      [0.5, 0.5],
      [1, 0.2],
    ]),
  )
  const [alone, other] = [
    [1, 0.001],
    [1, 0.3],
  ].map((vector) => answer({ input: "b" }, listOf([vector])))
  if (!alone || !other) return expect.fail("no answers")
  expect(judgedBy(embeddingRules, [batch, alone, alone])).toContain("emb.batch-invariant")
  expect(judgedBy(embeddingRules, [batch, alone, other])).not.toContain("emb.batch-invariant")
  expect(judgedBy(embeddingRules, [batch, alone])).not.toContain("emb.batch-invariant")
})

test("emb.batch-invariant: the index says which vector is the text's", () => {
  const alone = answer({ input: "b" }, listOf([[1, 0]]))
  const batch = answer(
    two,
    listOf(
      [
        [1, 0],
        [0, 1],
      ],
      [1, 0],
    ),
  )
  expect(found(embeddingRules, [batch, alone, alone])).not.toContainEqual(
    expect.arrayContaining(["emb.batch-invariant"]),
  )
  expect(judgedBy(embeddingRules, [batch, alone, alone])).toContain("emb.batch-invariant")
  expect(judgedBy(embeddingRules, [alone])).not.toContain("emb.batch-invariant")
})

test("emb.distinct: different texts have different vectors, the same text and short vectors need not", () => {
  const long = (first: number) => [first, ...Array<number>(9).fill(0.1)]
  const answered = (input: string[], ...vectors: number[][]) =>
    found(single, [answer({ input }, listOf(vectors))])
  expect(answered(["a", "b"], long(1), long(0.5))).toEqual([])
  expect(answered(["a", " A"], long(1), long(1))).toEqual([])
  expect(answered(["a", "b"], [1, 0], [1, 0])).toEqual([])
  expect(answered(["a", "b"], long(1), long(1))).toEqual([["emb.distinct", "same", at("/data/1/embedding")]])
})

test("emb.usage", () => {
  const counted = (prompt_tokens: number, total_tokens: number) =>
    found(single, [answer({ input: "a" }, { ...listOf([v]), usage: { prompt_tokens, total_tokens } })])
  expect(counted(0, 0)).toEqual([["emb.usage", "zero", at("/usage/prompt_tokens")]])
  expect(counted(4, 5)).toEqual([["emb.usage", "unequal", at("/usage/total_tokens")]])
})

test("emb.usage-counted: more tokens for a long text than for a short one, and for both than for one", () => {
  const counting = embeddingRules.filter(({ id }) => id === "emb.usage-counted")
  const counted = (short: number, long: number, both: number) => {
    const usage = (tokens: number) => ({ usage: { prompt_tokens: tokens, total_tokens: tokens } })
    return [
      answer({ input: shortText }, { ...listOf([v]), ...usage(short) }),
      answer({ input: longText }, { ...listOf([v]), ...usage(long) }),
      answer({ input: [shortText, longText] }, { ...listOf([v, v]), ...usage(both) }),
    ]
  }
  const fault = (name: string) => ["emb.usage-counted", name, at("/usage/prompt_tokens")]
  expect(found(counting, counted(1, 120, 121))).toEqual([])
  // Some tokenizers add tokens to each text, and some servers cut long texts.
  expect(found(counting, counted(3, 64, 67))).toEqual([])
  expect(found(counting, counted(1, 1, 1))).toEqual([fault("same")])
  expect(found(counting, counted(1, 1, 2))).toEqual([fault("same")])
  expect(found(counting, counted(5, 4, 9))).toEqual([fault("same")])
  expect(found(counting, counted(1, 120, 120))).toEqual([fault("left-out")])
  expect(found(counting, counted(1, 120, 1))).toEqual([fault("left-out")])
  expect(judgedBy(counting, counted(1, 120, 121).slice(0, 1))).toEqual([])
})

test("no answer whatsoever makes a rule fail", () => {
  const bodies = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.oneof(fc.array(fc.double()), fc.base64String())).map((vectors) => listOf(vectors)),
  )
  fc.assert(
    fc.property(
      bodies,
      fc.constantFrom(two, { input: [1] }, { ...two, encoding_format: "base64" }),
      (body, request) => {
        found(embeddingRules, [answer(request, body), answer(request, body)])
      },
    ),
  )
})

const agreement = embeddingRules.filter(({ id }) => id === "emb.encodings-agree")
const inNumbers = (vectors: readonly number[][]) =>
  answer({ ...two, encoding_format: "float" }, listOf(vectors))
const inBase64 = (vectors: readonly number[][], indices?: number[]) =>
  answer(
    { ...two, encoding_format: "base64" },
    listOf(
      vectors.map((vector) => base64(vector)),
      indices,
    ),
  )

test("emb.encodings-agree: what 32-bit floats and nine decimals take away is no difference, nor is the order", () => {
  const vector = fc.array(fc.double({ noNaN: true, min: -1, max: 1 }), { minLength: 2, maxLength: 5 })
  const large = vector.map((values) => [0.5, ...values])
  fc.assert(
    fc.property(large, large, (a, b) => {
      const numbers = inNumbers([a, b])
      const rounded = inNumbers([a, b].map((values) => values.map((value) => Number(value.toFixed(9)))))
      expect(found(agreement, [numbers, inBase64([b, a], [1, 0]), rounded])).toEqual([])
      expect(judgedBy(agreement, [numbers, inBase64([b, a], [1, 0]), rounded])).toEqual([
        "emb.encodings-agree",
      ])
    }),
  )
})

test("emb.encodings-agree: other numbers, other lengths, and the vector that has them", () => {
  const numbers = inNumbers([v, v])
  const off = v.map((value) => value * 1.00001)
  const fault = ["emb.encodings-agree", "differs", at("/data/1/embedding")]
  expect(found(agreement, [numbers, inBase64([v, off]), numbers])).toEqual([fault])
  expect(found(agreement, [numbers, inBase64([v, v.slice(1)]), numbers])).toEqual([fault])
})

test("emb.encodings-agree: numbers that differ by themselves decide nothing", () => {
  const off = v.map((value) => value * 1.00001)
  expect(judgedBy(agreement, [inNumbers([v, v]), inBase64([off, v]), inNumbers([v, off])])).toEqual([])
  expect(judgedBy(agreement, [inNumbers([v, v]), inBase64([off, v])])).toEqual([])
})
