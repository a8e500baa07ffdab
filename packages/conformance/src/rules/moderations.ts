import { ModerationResponse } from "@nexhina/schemas"
import { pointerTo, schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { askFor } from "../requests/ask.ts"
import { anyModerationRequests } from "../requests/moderations.ts"
import { rule } from "../rule.ts"
import { moderationLists, moderationReplies } from "../views/moderations.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const source = "Content Moderation; OpenAI API reference: create moderation"

const bodyAt = (...path: readonly (string | number)[]) =>
  ({ part: "body", pointer: pointerTo(path) }) as const

export const moderationRules = [
  rule({
    id: "moderation.schema",
    since,
    says: "MUST return `id`, `model` and `results`, each with `flagged`, `categories` and scores from 0 to 1",
    severity: "MUST",
    source,
    on: moderationReplies,
    faults: {
      missing: "a member is missing",
      "wrong-value": "a member has a value that is not documented",
    },
    holds: ({ json }) => (json.ok ? firstOfEach(schemaFaults(ModerationResponse, json.value)) : []),
  }),

  rule({
    id: "moderation.count",
    since,
    says: "MUST return one result for each text, and one for a multimodal input as a whole",
    severity: "MUST",
    source,
    see: ["https://github.com/cloud-apim/otoroshi-llm-extension/issues/182"],
    on: moderationLists,
    faults: { "too-few": "an input has no result", "too-many": "there are more results than inputs" },
    asks: (known) => anyModerationRequests(known).map((body) => [askFor("createModeration", body)]),
    holds({ inputs, results }) {
      if (results.length === inputs) return []
      return [
        {
          fault: results.length < inputs ? "too-few" : "too-many",
          at: bodyAt("results"),
          expected: `${inputs} results`,
          actual: String(results.length),
        },
      ]
    },
  }),

  rule({
    id: "moderation.keys-agree",
    since,
    says: "MUST use the same keys in `categories` and `category_scores`",
    severity: "MUST",
    source,
    see: ["https://github.com/openai/openai-openapi/pull/72"],
    on: moderationLists,
    faults: {
      "no-score": "a category has no score",
      "no-category": "a score has no category",
    },
    holds: ({ results }) =>
      firstOfEach(
        results.flatMap(({ categories, category_scores: scores }, at) => {
          const lacking = (from: object, to: object) =>
            Object.keys(from).filter((key) => !Object.hasOwn(to, key))
          const lack = (fault: "no-score" | "no-category", member: string, key: string) => ({
            fault,
            at: bodyAt("results", at, member, key),
            expected: `${shown(key)} there too`,
            actual: "nothing",
          })
          return [
            ...lacking(categories, scores).map((key) => lack("no-score", "category_scores", key)),
            ...lacking(scores, categories).map((key) => lack("no-category", "categories", key)),
          ]
        }),
      ),
  }),

  rule({
    id: "moderation.flag-consistent",
    since,
    says: "SHOULD set `flagged` exactly when at least one category is true",
    severity: "SHOULD",
    source,
    on: moderationLists,
    faults: {
      unfounded: "it is flagged, and no category is true",
      unflagged: "a category is true, and it is not flagged",
    },
    holds: ({ results }) =>
      firstOfEach(
        results.flatMap(({ flagged, categories }, at) => {
          const [category] = Object.entries(categories).find(([, is]) => is) ?? []
          if (flagged === (category !== undefined)) return []
          return [
            {
              fault: flagged ? "unfounded" : "unflagged",
              at: bodyAt("results", at, "flagged"),
              expected: String(!flagged),
              actual: category === undefined ? "no category" : shown(category),
            } as const,
          ]
        }),
      ),
  }),
] as const
