import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject, openUnion } from "../open.ts"
import { deduced, documented } from "../provenance.ts"
import { tag } from "../tag.ts"

const ModerationTextPart = openObject({
  type: tag("text"),
  text: z.string().describe("Text to check."),
}).meta({ id: "ModerationTextPart", ...deduced, description: "Text as a part of the input." })

const ModerationImagePart = openObject({
  type: tag("image_url"),
  image_url: openObject({
    url: z.string().describe("URL of the image, or a data URL that contains it."),
  }).describe("Image to check."),
}).meta({ id: "ModerationImagePart", ...deduced, description: "Image as a part of the input." })

export const ModerationPart = openUnion("type", [ModerationTextPart, ModerationImagePart]).meta({
  id: "ModerationPart",
  ...deduced,
  description: "Part of the input: text or image.",
})
export type ModerationPart = z.infer<typeof ModerationPart>

export const ModerationRequest = openObject({
  model: openEnum(modelIds("moderation"))
    .optional()
    .meta(documented)
    .describe("ID of the moderation model. Default: chosen by the gateway."),
  input: z
    .union([z.string().meta(documented), z.array(z.string()).min(1), z.array(ModerationPart).min(1)])
    .meta({
      description:
        "Text to check, several texts (one result for each), or the parts of one input. An array must not be empty.",
    }),
}).meta({ id: "ModerationRequest", ...deduced, description: "Request to check content." })
export type ModerationRequest = z.infer<typeof ModerationRequest>

const verdict = z.boolean().nullish()

/** Whether the input falls in each category. The set of categories is open. */
export const ModerationCategory = z
  .object({
    violence: verdict
      .meta(documented)
      .describe("Whether the input contains the threat or depiction of violence."),
    hate: verdict
      .meta(documented)
      .describe("Whether the input contains hate based on a protected characteristic."),
    sexual: verdict.meta(documented).describe("Whether the input contains sexual content."),
    harassment: verdict.describe("Whether the input contains harassment."),
    "harassment/threatening": verdict.describe("Whether the input contains harassment with threats."),
    "hate/threatening": verdict.describe("Whether the input contains hate with threats."),
    illicit: verdict.describe("Whether the input contains advice on illicit acts."),
    "illicit/violent": verdict.describe("Whether the input contains advice on violent illicit acts."),
    "self-harm": verdict.describe("Whether the input contains self-harm."),
    "self-harm/intent": verdict.describe("Whether the input contains the intent of self-harm."),
    "self-harm/instructions": verdict.describe("Whether the input contains instructions for self-harm."),
    "sexual/minors": verdict.describe("Whether the input contains sexual content that involves minors."),
    "violence/graphic": verdict.describe("Whether the input contains graphic violence."),
  })
  .catchall(z.boolean().nullable())
  .meta({
    id: "ModerationCategory",
    ...deduced,
    description: "Whether each category applies to the input. Servers may add categories.",
  })
export type ModerationCategory = z.infer<typeof ModerationCategory>

export const ModerationResult = openObject({
  flagged: z.boolean().describe("Whether any category applies to the input."),
  categories: ModerationCategory.describe("Whether each category applies."),
  category_scores: z.record(z.string(), z.number().min(0).max(1)).meta({
    description: "Score from 0 to 1 for each key of `categories`; higher values mean more confidence.",
  }),
  category_applied_input_types: z
    .record(z.string(), z.array(z.string()))
    .nullish()
    .meta(deduced)
    .describe("Types of input, such as `text` and `image`, that each score applies to."),
}).meta({ id: "ModerationResult", ...documented, description: "Result of checking one input." })
export type ModerationResult = z.infer<typeof ModerationResult>

export const ModerationResponse = openObject({
  id: z.string().describe("Unique ID of the moderation."),
  model: z.string().describe("Model that checked the content."),
  results: z.array(ModerationResult).describe("One result for each input."),
}).meta({ id: "ModerationResponse", ...documented, description: "Results of checking content." })
export type ModerationResponse = z.infer<typeof ModerationResponse>

export const createModeration = endpoint({
  operationId: "createModeration",
  surface: "moderations",
  method: "POST",
  path: "/moderations",
  summary: "Check content",
  description: "Classifies text and images by categories of harmful content.",
  provenance: "documented",
  request: {
    mediaType: "application/json",
    schema: ModerationRequest,
    examples: {
      text: {
        summary: "One text",
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
      summary: "Flagged text",
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
