import { EmbeddingResponse } from "@nexhina/schemas"
import * as fc from "fast-check"
import { longText, shortText } from "../probes/counted-texts.ts"
import { schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { askFor } from "../requests/ask.ts"
import { anyEmbeddingRequests, embeddingMembers, embeddingRequests } from "../requests/embeddings.ts"
import { sometimes } from "../requests/members.ts"
import { texts } from "../requests/texts.ts"
import { type Fault, rule } from "../rule.ts"
import type { Step } from "../target/step.ts"
import {
  type EmbeddingList,
  embeddingLengths,
  embeddingLists,
  embeddingReplies,
  type Vector,
} from "../views/embeddings.ts"
import { familyFault, familyFaults, familySeverity, familySightings, familySource } from "./model-family.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const source = "Text Embedding; OpenAI API reference: create embeddings"

const bodyAt = (pointer: string) => ({ part: "body", pointer }) as const

const asked = (body: object): Step[] => [askFor("createEmbedding", body)]

const encodingOf = ({ request }: EmbeddingList) => request.encoding_format ?? "float"

/**
 * How many of some numbers are of a size that embeddings have. With their bytes swapped, floats are spread over all
 * exponents, three quarters of which lie outside.
 */
function plausibleShare(values: readonly number[]): number {
  const plausible = values.filter((value) => Math.abs(value) > 1e-12 && Math.abs(value) < 1e6)
  return plausible.length / values.length
}

function encodingFault(
  { encoding, values, swapped, pointer }: Vector,
  wanted: "float" | "base64",
): Fault<"not-numbers" | "not-base64" | "undecodable" | "byte-order">[] {
  const at = bodyAt(pointer)
  if (encoding !== wanted)
    return wanted === "float"
      ? [{ fault: "not-numbers", at, expected: "an array of numbers", actual: "a string" }]
      : [{ fault: "not-base64", at, expected: "base64", actual: "an array" }]
  if (!values)
    return [{ fault: "undecodable", at, expected: "4 bytes for each number", actual: "other text" }]
  if (swapped && plausibleShare(values) < 0.5 && plausibleShare(swapped()) > 0.9)
    return [{ fault: "byte-order", at, expected: "little-endian floats", actual: "big-endian ones" }]
  return []
}

/** Vectors of fewer numbers may well be the same for different texts. */
const minDistinctNumbers = 8

const isSame = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((number, at) => number === b[at])

function cosine(a: readonly number[], b: readonly number[]): number {
  let product = 0
  let squaresA = 0
  let squaresB = 0
  for (const [at, x] of a.entries()) {
    const y = b[at] ?? 0
    product += x * y
    squaresA += x * x
    squaresB += y * y
  }
  return product / Math.sqrt(squaresA * squaresB)
}

/** What 32-bit floats, and the decimals that numbers are written with, take away from the largest number. */
const tolerance = 1e-6

/** How far two lists of the same inputs are apart, as a share of each vector's largest number; and at which vector. */
function furthest(
  list: EmbeddingList,
  other: EmbeddingList,
): { readonly at: number; readonly share: number } {
  const shares = list.vectors.map(({ index, values = [] }) => {
    const counterpart = other.vectors.find((vector) => vector.index === index)?.values ?? []
    const largest = counterpart.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const gap = values.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - (counterpart[at] ?? 0))),
      0,
    )
    return values.length === counterpart.length ? gap / largest : Number.POSITIVE_INFINITY
  })
  const share = Math.max(...shares)
  return { at: shares.indexOf(share), share }
}

/** Batches are computed in another order and at times in lower precision. */
const minCosine = 0.999

export const embeddingRules = [
  rule({
    id: "emb.schema",
    since,
    says: 'MUST return `object: "list"`, `data`, `model` and `usage`, each item of `data` with `object`, `index` and `embedding`',
    severity: "MUST",
    source,
    on: embeddingReplies,
    faults: {
      missing: "a member is missing",
      "wrong-value": "a member has a value that is not documented",
    },
    holds: ({ json }) => (json.ok ? firstOfEach(schemaFaults(EmbeddingResponse, json.value)) : []),
  }),

  rule({
    id: "emb.count",
    since,
    says: "MUST return one embedding for each input",
    severity: "MUST",
    source,
    on: embeddingLists,
    faults: { "too-few": "an input has no vector", "too-many": "there are more vectors than inputs" },
    asks: (known) => anyEmbeddingRequests(known).map(asked),
    holds({ inputs, vectors }) {
      if (vectors.length === inputs.length) return []
      return [
        {
          fault: vectors.length < inputs.length ? "too-few" : "too-many",
          at: bodyAt("/data"),
          expected: `${inputs.length} vectors`,
          actual: String(vectors.length),
        },
      ]
    },
  }),

  rule({
    id: "emb.index",
    since,
    says: "MUST set `index` to the position of the input, counted from 0, each exactly once",
    severity: "MUST",
    source,
    see: ["https://github.com/chroma-core/chroma/pull/344"],
    on: embeddingLists,
    after: ["emb.count"],
    faults: {
      "out-of-range": "an index does not belong to an input",
      repeated: "two vectors have the same index",
    },
    holds({ inputs, vectors }) {
      const seen = new Set<number>()
      const faults = vectors.flatMap(({ index }, at): Fault<"out-of-range" | "repeated">[] => {
        const where = { at: bodyAt(`/data/${at}/index`), actual: String(index) }
        if (index >= inputs.length)
          return [{ fault: "out-of-range", expected: `less than ${inputs.length}`, ...where }]
        if (seen.has(index))
          return [{ fault: "repeated", expected: "a different index for each item", ...where }]
        seen.add(index)
        return []
      })
      return firstOfEach(faults)
    },
  }),

  rule({
    id: "emb.order",
    since,
    says: "SHOULD return embeddings in the order of the inputs",
    severity: "SHOULD",
    source,
    see: ["https://github.com/chroma-core/chroma/pull/344", "https://github.com/getzep/graphiti/pull/1732"],
    on: embeddingLists,
    after: ["emb.count", "emb.index"],
    faults: { "other-order": "a vector has a different position than its input" },
    holds({ vectors }) {
      const at = vectors.findIndex(({ index }, place) => index !== place)
      const index = vectors[at]?.index
      if (index === undefined) return []
      return [
        {
          fault: "other-order",
          at: bodyAt(`/data/${at}/index`),
          expected: String(at),
          actual: String(index),
        },
      ]
    },
  }),

  rule({
    id: "emb.dimension",
    since,
    says: "MUST return embeddings of equal length, and of length `dimensions` when it is given",
    severity: "MUST",
    source,
    on: embeddingLists,
    faults: {
      empty: "a vector has no numbers",
      uneven: "the vectors of one answer differ in length",
      "other-than-asked": "the vectors do not have the requested length",
    },
    asks: (known) => {
      const { dimensions } = embeddingMembers(known)
      return embeddingRequests(known, ...(dimensions ? [dimensions] : [])).map(asked)
    },
    holds({ vectors, request: { dimensions } }) {
      const [first, ...rest] = vectors.flatMap(({ values, pointer }) => (values ? [{ values, pointer }] : []))
      if (!first) return []
      const length = first.values.length
      const fault = <Name extends string>(fault: Name, pointer: string, expected: number, actual: number) =>
        ({ fault, at: bodyAt(pointer), expected: `${expected} numbers`, actual: String(actual) }) as const
      if (length === 0) return [fault("empty", first.pointer, 1, 0)]
      const uneven = rest.find(({ values }) => values.length !== length)
      if (uneven) return [fault("uneven", uneven.pointer, length, uneven.values.length)]
      if (dimensions !== undefined && dimensions !== length)
        return [fault("other-than-asked", first.pointer, dimensions, length)]
      return []
    },
  }),

  rule({
    id: "emb.dimension-constant",
    since,
    says: "MUST return embeddings of the same length for the same model when `dimensions` is not given",
    severity: "MUST",
    source,
    see: ["https://github.com/mem0ai/mem0/pull/5170"],
    scope: "run",
    on: embeddingLengths,
    after: ["emb.encoding", "emb.dimension"],
    faults: { changes: "a response has vectors of a different length than an earlier one" },
    alike: (list) => JSON.stringify(list),
    holds(lists) {
      const lengths = new Map<string, number>()
      return lists.flatMap(({ model, isChosen, pointer, length }, of) => {
        if (length === undefined || isChosen) return []
        const before = lengths.get(model) ?? length
        lengths.set(model, before)
        if (length === before) return []
        const at = bodyAt(pointer)
        return [{ of, fault: "changes" as const, at, expected: `${before} numbers`, actual: String(length) }]
      })
    },
  }),

  rule({
    id: "emb.encoding",
    since,
    says: "MUST honour `encoding_format`: numbers by default, or base64 of little-endian 32-bit floats",
    severity: "MUST",
    source,
    see: [
      "https://github.com/openai/openai-node/pull/2150",
      "https://github.com/huggingface/text-embeddings-inference/issues/288",
      "https://github.com/runpod-workers/worker-infinity-embedding/issues/30",
    ],
    on: embeddingLists,
    faults: {
      "not-numbers": "numbers were requested, but a string was returned",
      "not-base64": "base64 was requested, but numbers were returned",
      undecodable: "the string is not base64 of 32-bit floats",
      "byte-order": "the floats are big-endian",
    },
    asks: (known) =>
      embeddingRequests(
        known,
        fc.record({ encoding_format: fc.constantFrom("float" as const, "base64" as const, undefined) }),
      ).map(asked),
    holds: (list) => firstOfEach(list.vectors.flatMap((vector) => encodingFault(vector, encodingOf(list)))),
  }),

  rule({
    id: "emb.finite",
    since,
    says: "MUST return embeddings of finite numbers that are not all zero",
    severity: "MUST",
    source,
    see: ["https://github.com/mem0ai/mem0/pull/5170"],
    on: embeddingLists,
    after: ["emb.encoding"],
    faults: {
      "not-finite": "a number is infinite or not a number",
      "all-zero": "every number of a vector is zero",
    },
    holds({ vectors }) {
      const faults = vectors.flatMap(({ values = [], pointer }): Fault<"not-finite" | "all-zero">[] => {
        const at = values.findIndex((value) => !Number.isFinite(value))
        if (at !== -1)
          return [
            {
              fault: "not-finite",
              at: bodyAt(pointer),
              expected: "finite numbers",
              actual: `${shown(values[at])} at ${at}`,
            },
          ]
        if (values.length === 0 || values.some((value) => value !== 0)) return []
        return [
          {
            fault: "all-zero",
            at: bodyAt(pointer),
            expected: "a direction",
            actual: `${values.length} zeros`,
          },
        ]
      })
      return firstOfEach(faults)
    },
  }),

  rule({
    id: "emb.batch-invariant",
    since,
    says: "SHOULD return the same embedding for a text whether it is sent alone or in a batch",
    severity: "SHOULD",
    source,
    scope: "group",
    on: embeddingLists,
    after: ["emb.index", "emb.encoding", "emb.dimension", "emb.finite"],
    faults: { differs: `the cosine of the two vectors is ${minCosine} or less` },
    asks: ({ models }) =>
      fc.uniqueArray(texts, { minLength: 2, maxLength: 3 }).map((input) => {
        const step = (input: string | readonly string[]): Step => ({
          operation: "createEmbedding",
          body: { model: models.embedding, input },
        })
        // Alone twice: what differs by itself is not due to the batch.
        const alone = step(input.at(-1) ?? "")
        return [step(input), alone, alone]
      }),
    holds([batch, alone, again]) {
      const [text] = alone?.inputs ?? []
      const index = text === undefined ? undefined : batch?.inputs.indexOf(text)
      const among = batch?.vectors.find((vector) => vector.index === index)?.values
      const vector = alone?.vectors[0]
      const control = again?.vectors[0]?.values
      if (!among || !vector?.values || !control)
        return { undecided: "takes the same text in a batch and twice alone" }
      if (!(cosine(control, vector.values) > minCosine))
        return { undecided: "two embeddings of the text alone differ too" }
      const likeness = cosine(among, vector.values)
      if (likeness > minCosine) return []
      return [
        {
          of: 1,
          fault: "differs",
          at: bodyAt(vector.pointer),
          expected: `a cosine above ${minCosine}`,
          actual: likeness.toFixed(4),
        },
      ]
    },
  }),

  rule({
    id: "emb.distinct",
    since,
    says: "SHOULD return different embeddings for different texts",
    severity: "SHOULD",
    source,
    on: embeddingLists,
    after: ["emb.count", "emb.index", "emb.encoding", "emb.dimension", "emb.finite"],
    faults: { same: "two different texts have the same vector" },
    asks: ({ models }) => [
      asked({
        model: models.embedding,
        input: ["A recipe for onion soup.", "The moons of Jupiter."],
      })[0] as Step,
    ],
    holds({ inputs, vectors }) {
      // Two vectors can be the same only if their first numbers are.
      const earlierOf = new Map<number | undefined, { text: string; values: readonly number[] }[]>()
      for (const { index, values, pointer } of vectors) {
        if (!values || values.length < minDistinctNumbers) return []
        // Models may trim a text, and fold its case.
        const text = String(inputs[index]).trim().toLowerCase()
        const alike = earlierOf.get(values[0]) ?? []
        const earlier = alike.findLast((each) => isSame(each.values, values))
        if (earlier && earlier.text !== text) {
          const expected = `a different vector from the one for ${shown(earlier.text)}`
          return [{ fault: "same", at: bodyAt(pointer), expected, actual: `the same, for ${shown(text)}` }]
        }
        alike.push({ text, values })
        earlierOf.set(values[0], alike)
      }
      return []
    },
  }),

  rule({
    id: "emb.encodings-agree",
    since,
    says: `MUST return the same embeddings in base64 as in numbers, to within ${tolerance} of the largest number`,
    severity: ({ deterministic }) => (deterministic ? "MUST" : "SHOULD"),
    source,
    see: ["https://github.com/mem0ai/mem0/pull/5170"],
    scope: "group",
    on: embeddingLists,
    after: ["emb.count", "emb.index", "emb.encoding", "emb.dimension", "emb.finite"],
    faults: { differs: "the vectors are of other lengths, or their numbers differ by more" },
    // Numbers twice: vectors that differ on their own do not differ because of the encoding.
    asks: (known) => {
      const { dimensions = fc.constant({}) } = embeddingMembers(known)
      return embeddingRequests(known, sometimes(dimensions)).map((request) =>
        (["float", "base64", "float"] as const).flatMap((encoding_format) =>
          asked({ ...request, encoding_format }),
        ),
      )
    },
    holds(lists) {
      const of = lists.findIndex((list) => encodingOf(list) === "base64")
      const encoded = lists[of]
      const [numbers, again] = lists.filter((list) => encodingOf(list) === "float")
      if (!encoded || !numbers || !again)
        return { undecided: "takes the same vectors in base64 and twice in numbers" }
      if (furthest(again, numbers).share > tolerance)
        return { undecided: "two answers in numbers differ too" }
      const { at, share } = furthest(encoded, numbers)
      if (share <= tolerance) return []
      const pointer = encoded.vectors[at]?.pointer ?? ""
      const actual = Number.isFinite(share) ? share.toExponential(1) : "a vector of a different length"
      return [
        {
          of,
          fault: "differs",
          at: bodyAt(pointer),
          expected: `${tolerance} of the largest at most`,
          actual,
        },
      ]
    },
  }),

  rule({
    id: "emb.usage",
    since,
    says: "MUST report usage: `prompt_tokens` above 0 and `total_tokens` equal to it",
    severity: "MUST",
    source,
    on: embeddingLists,
    faults: {
      zero: "no token was counted",
      unequal: "the total is a different number than the prompt's",
    },
    holds({
      list: {
        usage: { prompt_tokens: prompt, total_tokens: total },
      },
    }) {
      if (prompt === 0)
        return [{ fault: "zero", at: bodyAt("/usage/prompt_tokens"), expected: "more than 0", actual: "0" }]
      if (prompt === total) return []
      const at = bodyAt("/usage/total_tokens")
      return [{ fault: "unequal", at, expected: `${prompt}, as the prompt`, actual: String(total) }]
    },
  }),

  rule({
    id: "emb.usage-counted",
    since,
    says: "SHOULD count the tokens of all inputs: more for a long text than for a word, and more for both than for one",
    severity: "SHOULD",
    source: `${source}: usage.prompt_tokens, the number of tokens used by the prompt`,
    scope: "group",
    on: embeddingLists,
    after: ["emb.usage"],
    faults: {
      same: "no more tokens for a text of a hundred words than for one word",
      "left-out": "no more tokens for two texts than for one of them",
    },
    asks: (known) =>
      [shortText, longText, [shortText, longText]].flatMap((input) =>
        asked({ model: known.models.embedding, input }),
      ),
    holds(lists) {
      const counted = lists.map(({ inputs, list }, of) => ({ of, inputs, tokens: list.usage.prompt_tokens }))
      const alone = (text: string) => counted.find(({ inputs }) => inputs.length === 1 && inputs[0] === text)
      const [short, long] = [alone(shortText), alone(longText)]
      const both = counted.find(({ inputs }) => inputs.length > 1)
      if (!short || !long) return { undecided: "takes the usages of a short text and of a long one" }
      const at = bodyAt("/usage/prompt_tokens")
      const fault = <Name extends string>(
        name: Name,
        { of, tokens }: typeof long,
        than: number,
        what: string,
      ) =>
        [
          { of, fault: name, at, expected: `more than ${than}, as for ${what}`, actual: String(tokens) },
        ] as const
      if (long.tokens <= short.tokens) return fault("same", long, short.tokens, "one word")
      if (!both || both.tokens > long.tokens) return []
      return fault("left-out", both, long.tokens, "one of the texts")
    },
  }),

  rule({
    id: "emb.model-family",
    since,
    says: "SHOULD NOT name a model of a different family than the requested one",
    severity: familySeverity,
    source: familySource,
    see: familySightings,
    on: embeddingLists,
    faults: familyFaults,
    holds: ({ answered, list: { model } }, known) =>
      familyFault({ answered, model, at: bodyAt("/model") }, known),
  }),
] as const
