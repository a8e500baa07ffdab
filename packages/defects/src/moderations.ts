import type { ModerationResponse, ModerationResult } from "@nexhina/schemas"
import { type Defect, onReply, type Variant, without } from "./defect.ts"

const onModeration = (change: (reply: ModerationResponse) => object) => onReply("createModeration", change)

/** Changes each result. */
const onResults = (change: (result: ModerationResult) => object) =>
  onModeration((reply) => ({ ...reply, results: reply.results.map(change) }))

export const moderationDefects: readonly Defect[] = [
  {
    id: "moderation-id-missing",
    says: "the response has no id",
    breaks: "moderation.schema",
    fault: "missing",
    also: [],
    seen: ["Schema ModerationResponse: id"],
    ...onModeration((reply) => without(reply, "id")),
  },
  {
    id: "moderation-percent",
    says: "scores are percentages",
    breaks: "moderation.schema",
    fault: "wrong-value",
    also: [],
    seen: ["Schema ModerationResult: category_scores from 0 to 1"],
    ...onResults((result) => ({
      ...result,
      category_scores: Object.fromEntries(
        Object.entries(result.category_scores).map(([category, score]) => [category, 100 * score]),
      ),
    })),
  },
  {
    id: "moderation-array-unsupported",
    says: "only the first of several inputs is checked",
    breaks: "moderation.count",
    fault: "too-few",
    also: [],
    seen: ["https://github.com/cloud-apim/otoroshi-llm-extension/issues/182"],
    ...onModeration((reply) => ({ ...reply, results: reply.results.slice(0, 1) })),
  },
  {
    id: "moderation-sum-too",
    says: "the results for the inputs are followed by one more result for all of them",
    breaks: "moderation.count",
    fault: "too-many",
    also: [],
    seen: ["Schema ModerationResponse: one result for each input"],
    ...onModeration((reply) => ({ ...reply, results: [...reply.results, ...reply.results.slice(-1)] })),
  },
  {
    id: "moderation-score-missing",
    says: "a category has no score",
    breaks: "moderation.keys-agree",
    fault: "no-score",
    also: [],
    seen: ["https://github.com/openai/openai-openapi/pull/72"],
    ...onResults((result) => ({ ...result, category_scores: without(result.category_scores, "hate") })),
  },
  {
    id: "moderation-category-missing",
    says: "a score has no category",
    breaks: "moderation.keys-agree",
    fault: "no-category",
    also: [],
    seen: ["https://github.com/openai/openai-openapi/pull/72"],
    ...onResults((result) => ({ ...result, categories: without(result.categories, "sexual") })),
  },
  {
    id: "moderation-always-flagged",
    says: "every input is flagged, whatever its categories",
    breaks: "moderation.flag-consistent",
    fault: "unfounded",
    also: [],
    seen: ["OpenAI API reference: the moderation object, flagged"],
    ...onResults((result) => ({ ...result, flagged: true })),
  },
  {
    id: "moderation-never-flagged",
    says: "no input is flagged, whatever its categories",
    breaks: "moderation.flag-consistent",
    fault: "unflagged",
    also: [],
    seen: ["OpenAI API reference: the moderation object, flagged"],
    ...onResults((result) => ({ ...result, flagged: false })),
  },
]

export const moderationVariants: readonly Variant[] = [
  {
    id: "moderation-other-categories",
    says: "the results have different categories, one of them null",
    notes: [],
    seen: ["https://github.com/openai/openai-openapi/pull/72"],
    ...onResults(({ flagged }) => ({
      flagged,
      categories: { violence: flagged, illicit: null, "self-harm/intent": false, spam: false },
      category_scores: { violence: flagged ? 1 : 0, illicit: 0, "self-harm/intent": 0.25, spam: 1e-7 },
    })),
  },
  {
    id: "moderation-input-types",
    says: "the results list the input types that each category was applied to",
    notes: [],
    seen: ["OpenAI API reference: the moderation object"],
    ...onResults((result) => ({
      ...result,
      category_applied_input_types: Object.fromEntries(
        Object.keys(result.categories).map((category) => [category, ["text", "image"]]),
      ),
    })),
  },
]
