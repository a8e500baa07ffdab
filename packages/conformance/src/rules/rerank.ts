import { RerankResponse } from "@nexhina/schemas"
import * as fc from "fast-check"
import { question, questionAnswer, rerankTexts } from "../probes/rerank.ts"
import { pointerTo, schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { askFor } from "../requests/ask.ts"
import { anyRerankRequests, differentTexts, rerankMembers, rerankRequests } from "../requests/rerank.ts"
import { texts } from "../requests/texts.ts"
import { type Fault, rule } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"
import { narrowed } from "../views/chat-completions.ts"
import { type RerankList, rerankLists, rerankReplies, withDocuments } from "../views/rerank.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const source = "Rerank (the page is known by its title alone); the form that Jina and Cohere share"

/** No page shows the members, and OpenAI has no such endpoint. */
const severity = ({ profile }: TargetFacts) => (profile.rerank ? "SHOULD" : "not-applicable")

/** What servers do in ways of their own is information. */
const isOffered = ({ profile }: TargetFacts) => (profile.rerank ? "MAY" : "not-applicable")

const bodyAt = (...path: readonly (string | number)[]) =>
  ({ part: "body", pointer: pointerTo(path) }) as const

const asked = (body: object): Step[] => [askFor("createRerank", body)]

/** The score of each document, by its place in the request. */
const scoresOf = ({ results }: RerankList) =>
  new Map(results.map(({ index, relevance_score: score }) => [index, score]))

/** How far two scores of one document may lie apart: models of lower precision are not exact. */
const tolerance = 0.01
const isNear = (a: number, b: number) => Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a))

/** The first text whose scores in two answers differ, with both. */
function departure(before: RerankList, after: RerankList) {
  const scores = scoresOf(before)
  for (const [place, { index, relevance_score: score }] of after.results.entries()) {
    const was = scores.get(before.documents.indexOf(after.documents[index] ?? ""))
    if (was !== undefined && !isNear(was, score)) return { place, was, score }
  }
  return undefined
}

/** Lists that contain the answer to the question, and another document. */
const answeredLists = narrowed(
  rerankLists,
  {
    id: "rerank.answered",
    says: "rerank responses with a document that answers the question",
    probes: [rerankTexts],
  },
  ({ request, documents, results }) =>
    request.query === question &&
    results.length > 1 &&
    results.some(({ index }) => documents[index] === questionAnswer),
)

export const rerankRules = [
  rule({
    id: "rerank.schema",
    since,
    says: "SHOULD return `results`, each with `index` and a finite `relevance_score`",
    severity,
    source,
    see: ["https://github.com/CrispStrobe/CrispEmbed/issues/51"],
    on: rerankReplies,
    faults: {
      missing: "a member is missing",
      "wrong-value": "a member has a value of a different kind",
    },
    holds: ({ json }) =>
      json.ok ? firstOfEach(schemaFaults(RerankResponse, withDocuments(json.value))) : [],
  }),

  rule({
    id: "rerank.index",
    since,
    says: "SHOULD set `index` to the position of the document in the request, each at most once",
    severity,
    source,
    on: rerankLists,
    faults: {
      "out-of-range": "an index does not belong to a document",
      repeated: "two results have the same index",
    },
    asks: (known) => anyRerankRequests(known).map(asked),
    holds({ documents, results }) {
      const seen = new Set<number>()
      const faults = results.flatMap(({ index }, at): Fault<"out-of-range" | "repeated">[] => {
        const where = { at: bodyAt("results", at, "index"), actual: String(index) }
        if (index >= documents.length)
          return [{ fault: "out-of-range", expected: `less than ${documents.length}`, ...where }]
        if (seen.has(index))
          return [{ fault: "repeated", expected: "a different index for each item", ...where }]
        seen.add(index)
        return []
      })
      return firstOfEach(faults)
    },
  }),

  rule({
    id: "rerank.top-n",
    since,
    says: "SHOULD return `top_n` results, or one for each document if there are fewer or `top_n` is not given",
    severity,
    source,
    see: ["https://github.com/mudler/LocalAI/issues/7189"],
    on: rerankLists,
    faults: { "too-few": "a result is missing", "too-many": "there are more results than requested" },
    asks: (known) => rerankRequests(known, rerankMembers["top_n"] ?? fc.constant({})).map(asked),
    holds({ request: { top_n: most = Number.POSITIVE_INFINITY }, documents, results }) {
      const wanted = Math.min(most, documents.length)
      if (results.length === wanted) return []
      return [
        {
          fault: results.length < wanted ? "too-few" : "too-many",
          at: bodyAt("results"),
          expected: `${wanted} results`,
          actual: String(results.length),
        },
      ]
    },
  }),

  rule({
    id: "rerank.sorted",
    since,
    says: "SHOULD sort results by descending relevance",
    severity,
    source,
    see: ["https://github.com/mudler/LocalAI/issues/7189"],
    on: rerankLists,
    faults: { rises: "a result has a higher score than the one before" },
    asks: (known) => rerankRequests(known).map(asked),
    holds({ results }) {
      const scores = results.map(({ relevance_score: score }) => score)
      const at = scores.findIndex((score, place) => score > (scores[place - 1] ?? score))
      if (at === -1) return []
      return [
        {
          fault: "rises",
          at: bodyAt("results", at, "relevance_score"),
          expected: `${scores[at - 1]} or less`,
          actual: String(scores[at]),
        },
      ]
    },
  }),

  rule({
    id: "rerank.documents",
    since,
    says: "SHOULD return each document unchanged when `return_documents` is true",
    severity,
    source,
    see: ["https://github.com/cohere-ai/notebooks/issues/202"],
    on: rerankLists,
    after: ["rerank.index"],
    faults: { absent: "a result has no document", other: "a document is not the one at the index" },
    asks: (known) => rerankRequests(known, fc.constant({ return_documents: true })).map(asked),
    holds: ({ request, documents, results }) =>
      request.return_documents !== true
        ? []
        : firstOfEach(
            results.flatMap(({ index, document }, at): Fault<"absent" | "other">[] => {
              if (document?.text === documents[index]) return []
              return [
                {
                  fault: document ? "other" : "absent",
                  at: bodyAt("results", at, "document"),
                  expected: shown(documents[index]),
                  actual: shown(document ? document.text : document),
                },
              ]
            }),
          ),
  }),

  rule({
    id: "rerank.documents-unasked",
    since,
    says: "MAY return documents only when `return_documents` is true: vLLM always does",
    severity: isOffered,
    source,
    on: rerankLists,
    faults: { there: "a result has a document" },
    asks: (known) => rerankRequests(known, fc.constant({ return_documents: false })).map(asked),
    holds({ request, results }) {
      const at = results.findIndex(({ document }) => document !== undefined && document !== null)
      if (request.return_documents !== false || at === -1) return []
      return [
        {
          fault: "there",
          at: bodyAt("results", at, "document"),
          expected: "nothing",
          actual: shown(results[at]?.document),
        },
      ]
    },
  }),

  rule({
    id: "rerank.permutation-invariant",
    since,
    says: "MAY score a document independently of its position: listwise models do not",
    severity: isOffered,
    see: ["https://github.com/xorbitsai/inference/issues/5269"],
    source,
    scope: "group",
    on: rerankLists,
    after: ["rerank.index", "rerank.top-n"],
    faults: { differs: `its scores differ by more than ${tolerance}` },
    asks: ({ models }) =>
      fc
        .tuple(
          texts,
          differentTexts.filter(({ length }) => length > 1),
        )
        .map(([query, documents]) => {
          const step = (documents: readonly string[]): Step => ({
            operation: "createRerank",
            body: { model: models.rerank, query, documents },
          })
          // The same twice shows how much the scores differ by themselves.
          return [step(documents), step(documents), step(documents.toReversed())]
        }),
    holds([first, again, shuffled]) {
      if (!first || !again || !shuffled) return { undecided: "not all of the three requests were answered" }
      if (departure(first, again)) return { undecided: "the scores differ for the same request too" }
      const found = departure(first, shuffled)
      if (!found) return []
      return [
        {
          of: 2,
          fault: "differs",
          at: bodyAt("results", found.place, "relevance_score"),
          expected: `about ${found.was}`,
          actual: String(found.score),
        },
      ]
    },
  }),

  rule({
    id: "rerank.relevant-first",
    since,
    says: "SHOULD score the document that answers the question above documents that do not",
    severity,
    source,
    see: ["https://github.com/netease-youdao/BCEmbedding/issues/108"],
    on: answeredLists,
    after: ["rerank.index"],
    modelDependent: true,
    faults: {
      "all-equal": "every document has the same score",
      below: "a document that does not answer the question has a higher score",
    },
    holds({ documents, results }) {
      const place = results.findIndex(({ index }) => documents[index] === questionAnswer)
      const score = results[place]?.relevance_score ?? 0
      const scores = results.map(({ relevance_score: each }) => each)
      const highest = Math.max(...scores)
      if (score === highest && scores.some((each) => each !== score)) return []
      const fault = score === highest ? "all-equal" : "below"
      const at = bodyAt("results", place, "relevance_score")
      return [{ fault, at, expected: "the highest score", actual: `${score} of at most ${highest}` }]
    },
  }),
] as const
