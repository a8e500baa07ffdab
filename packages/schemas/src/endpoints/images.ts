import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject } from "../open.ts"
import { deduced, documented } from "../provenance.ts"
import { isSize } from "../size.ts"
import { text } from "../text.ts"

const Count = z.int().min(0)

export const ImageGenerationRequest = openObject({
  prompt: text(32_000).meta(documented),
  model: openEnum(modelIds("image")).optional().meta(documented),
  n: z
    .int()
    .min(1)
    .max(10)
    .nullish()
    .meta({ ...documented, default: 1, description: "How many images." }),
  size: openEnum([
    "auto",
    "256x256",
    "512x512",
    "1024x1024",
    "1536x1024",
    "1024x1536",
    "1792x1024",
    "1024x1792",
  ])
    .nullish()
    .meta(documented),
  quality: openEnum(["auto", "standard", "hd", "low", "medium", "high"])
    .nullish()
    .meta({ ...documented, default: "auto" }),
  response_format: z.enum(["url", "b64_json"]).nullish().meta({ default: "url" }),
  style: z.enum(["vivid", "natural"]).nullish().meta({ description: "For dall-e-3." }),
  background: z.enum(["transparent", "opaque", "auto"]).nullish().meta({ description: "For gpt-image-1." }),
  moderation: z.enum(["low", "auto"]).nullish().meta({ description: "For gpt-image-1." }),
  output_format: z.enum(["png", "jpeg", "webp"]).nullish(),
  output_compression: z.int().min(0).max(100).nullish().meta({ default: 100 }),
  user: z.string().optional(),
}).meta({ id: "ImageGenerationRequest", ...deduced })
export type ImageGenerationRequest = z.infer<typeof ImageGenerationRequest>

export const ImageData = openObject({
  url: z.string().nullish().meta(documented),
  b64_json: z.string().nullish().meta({ description: "Base64." }),
  revised_prompt: z.string().nullish(),
}).meta({ id: "ImageData", ...deduced })
export type ImageData = z.infer<typeof ImageData>

export const ImageUsageInputTokensDetails = openObject({
  text_tokens: Count,
  image_tokens: Count,
}).meta({ id: "ImageUsageInputTokensDetails", ...documented })
export type ImageUsageInputTokensDetails = z.infer<typeof ImageUsageInputTokensDetails>

export const ImageUsage = openObject({
  total_tokens: Count,
  input_tokens: Count,
  output_tokens: Count,
  input_tokens_details: ImageUsageInputTokensDetails,
}).meta({ id: "ImageUsage", ...documented })
export type ImageUsage = z.infer<typeof ImageUsage>

export const ImageGenerationResponse = openObject({
  created: Count.meta({ description: "Unix seconds." }),
  data: z.array(ImageData),
  usage: ImageUsage.nullish(),
  background: z.string().nullish().meta(deduced),
  output_format: z.string().nullish().meta(deduced),
  quality: z.string().nullish().meta(deduced),
  size: z.string().nullish().meta(deduced),
}).meta({ id: "ImageGenerationResponse", ...documented })
export type ImageGenerationResponse = z.infer<typeof ImageGenerationResponse>

/** What each of these models can draw. Others may draw any size. */
const sizes = new Map<string, readonly string[]>([
  ["gpt-image-1", ["auto", "1024x1024", "1536x1024", "1024x1536"]],
  ["dall-e-3", ["1024x1024", "1792x1024", "1024x1792"]],
  ["dall-e-2", ["256x256", "512x512", "1024x1024"]],
])

export const createImage = endpoint({
  operationId: "createImage",
  surface: "images",
  method: "POST",
  path: "/images/generations",
  summary: "Generate an image",
  description: "Generates images from a text prompt.",
  provenance: "documented",
  request: {
    mediaType: "application/json",
    schema: ImageGenerationRequest,
    examples: {
      one: {
        summary: "The page's sample (its words are ours)",
        provenance: "documented",
        value: {
          model: "gpt-image-1",
          prompt: "A cute cat sitting on a windowsill",
          n: 1,
          size: "1024x1024",
          quality: "high",
        } satisfies ImageGenerationRequest,
      },
    },
  },
  success: {
    status: 200,
    description: "The generated images.",
    content: { "application/json": { kind: "json", schema: ImageGenerationResponse } },
    provenance: "documented",
  },
  examples: {
    one: {
      summary: "The page's sample (its address is ours)",
      provenance: "documented",
      value: {
        created: 1713833628,
        data: [{ url: "https://example.com/image.png" }],
        usage: {
          total_tokens: 100,
          input_tokens: 50,
          output_tokens: 50,
          input_tokens_details: { text_tokens: 10, image_tokens: 40 },
        },
      } satisfies ImageGenerationResponse,
    },
  },
  errors: bodyErrors,
  checks: [
    {
      param: "n",
      says: "dall-e-3 draws one image at a time.",
      provenance: "deduced",
      holds: ({ model, n }) => model !== "dall-e-3" || (n ?? 1) === 1,
    },
    {
      param: "prompt",
      says: "dall-e-3 takes at most 4000 characters, dall-e-2 1000.",
      provenance: "deduced",
      holds({ model, prompt }) {
        if (model === "dall-e-3") return prompt.length <= 4000
        return model !== "dall-e-2" || prompt.length <= 1000
      },
    },
    {
      param: "size",
      says:
        "size is auto, or WIDTHxHEIGHT of 1 to 8192 pixels each. gpt-image-1 draws auto, 1024x1024, 1536x1024 and " +
        "1024x1536; dall-e-3 1024x1024, 1792x1024 and 1024x1792; dall-e-2 256x256, 512x512 and 1024x1024.",
      provenance: "deduced",
      holds({ model = "", size }) {
        if (size === undefined || size === null) return true
        return sizes.get(model)?.includes(size) ?? (size === "auto" || isSize(size))
      },
    },
    {
      param: "background",
      says: "A transparent background needs an output_format that has transparency: png or webp.",
      provenance: "deduced",
      holds: ({ background, output_format }) => background !== "transparent" || output_format !== "jpeg",
    },
  ],
})
