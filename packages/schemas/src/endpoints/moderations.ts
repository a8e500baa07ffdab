import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject, openUnion } from "../open.ts"
import { deduced, documented } from "../provenance.ts"

export const ModerationPart = openUnion("type", [
  openObject({ type: z.literal("text"), text: z.string() }),
  openObject({ type: z.literal("image_url"), image_url: openObject({ url: z.string() }) }),
]).meta({ id: "ModerationPart", ...deduced })
export type ModerationPart = z.infer<typeof ModerationPart>

export const ModerationRequest = openObject({
  model: openEnum(modelIds("moderation")).optional().meta(documented),
  input: z
    .union([z.string().meta(documented), z.array(z.string()).min(1), z.array(ModerationPart).min(1)])
    .meta({ description: "A text, several texts (one result each), or the parts of one input." }),
}).meta({ id: "ModerationRequest", ...deduced })
export type ModerationRequest = z.infer<typeof ModerationRequest>

const verdict = z.boolean().nullish()

/** Whether the input falls in each category. The set of categories is open. */
export const ModerationCategory = z
  .object({
    violence: verdict.meta(documented),
    hate: verdict.meta(documented),
    sexual: verdict.meta(documented),
    harassment: verdict,
    "harassment/threatening": verdict,
    "hate/threatening": verdict,
    illicit: verdict,
    "illicit/violent": verdict,
    "self-harm": verdict,
    "self-harm/intent": verdict,
    "self-harm/instructions": verdict,
    "sexual/minors": verdict,
    "violence/graphic": verdict,
  })
  .catchall(z.boolean().nullable())
  .meta({ id: "ModerationCategory", ...deduced })
export type ModerationCategory = z.infer<typeof ModerationCategory>

export const ModerationResult = openObject({
  flagged: z.boolean(),
  categories: ModerationCategory,
  category_scores: z
    .record(z.string(), z.number().min(0).max(1))
    .meta({ description: "A score for each key of `categories`." }),
  category_applied_input_types: z.record(z.string(), z.array(z.string())).nullish().meta(deduced),
}).meta({ id: "ModerationResult", ...documented })
export type ModerationResult = z.infer<typeof ModerationResult>

export const ModerationResponse = openObject({
  id: z.string(),
  model: z.string(),
  results: z.array(ModerationResult),
}).meta({ id: "ModerationResponse", ...documented })
export type ModerationResponse = z.infer<typeof ModerationResponse>

export const createModeration = endpoint({
  operationId: "createModeration",
  surface: "moderations",
  method: "POST",
  path: "/moderations",
  summary: "Create a moderation",
  description: "Classifies text and images by categories of harmful content.",
  provenance: "documented",
  request: {
    mediaType: "application/json",
    schema: ModerationRequest,
    examples: {
      text: {
        summary: "The page's sample (its words are ours)",
        provenance: "documented",
        value: {
          model: "content-moderation-latest",
          input: "I want to hurt someone.",
        } satisfies ModerationRequest,
      },
    },
  },
  success: {
    status: 200,
    description: "One result for each input.",
    content: { "application/json": { kind: "json", schema: ModerationResponse } },
    provenance: "documented",
  },
  examples: {
    flagged: {
      summary: "The page's sample (its verdicts are ours)",
      provenance: "documented",
      value: {
        id: "modr-abc123",
        model: "content-moderation-latest",
        results: [
          {
            flagged: true,
            categories: { violence: true, hate: false, sexual: false },
            category_scores: { violence: 0.98, hate: 0.01, sexual: 0.001 },
          },
        ],
      } satisfies ModerationResponse,
    },
  },
  errors: bodyErrors,
  checks: [],
})
