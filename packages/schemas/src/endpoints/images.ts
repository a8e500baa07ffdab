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
  prompt: text(32_000)
    .meta(documented)
    .describe(
      "Text that describes the images, at most 32000 characters; 4000 for `dall-e-3`, 1000 for `dall-e-2`.",
    ),
  model: openEnum(modelIds("image"))
    .optional()
    .meta(documented)
    .describe("ID of the image model. Default: chosen by the gateway."),
  n: z
    .int()
    .min(1)
    .max(10)
    .nullish()
    .meta({
      ...documented,
      default: 1,
      description: "Number of images to generate, 1 to 10; only 1 for `dall-e-3`. Default: 1.",
    }),
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
    .meta(documented)
    .describe(
      "Size in pixels, as `WIDTHxHEIGHT`, or `auto`. The models support different sizes. Default: chosen by the gateway.",
    ),
  quality: openEnum(["auto", "standard", "hd", "low", "medium", "high"])
    .nullish()
    .meta({ ...documented, default: "auto", description: "Quality of the images. Default: `auto`." }),
  response_format: z.enum(["url", "b64_json"]).nullish().meta({
    default: "url",
    description:
      "How to return the images: `url` for URLs, `b64_json` for files encoded in base64. Default: `url`.",
  }),
  style: z
    .enum(["vivid", "natural"])
    .nullish()
    .meta({ description: "Style of the images. Only for `dall-e-3`. Default: `vivid`." }),
  background: z
    .enum(["transparent", "opaque", "auto"])
    .nullish()
    .meta({
      description:
        "Background of the images. `transparent` requires an `output_format` of `png` or `webp`. Only for " +
        "`gpt-image-1`. Default: `auto`.",
    }),
  moderation: z
    .enum(["low", "auto"])
    .nullish()
    .meta({ description: "Strictness of content moderation. Only for `gpt-image-1`. Default: `auto`." }),
  output_format: z
    .enum(["png", "jpeg", "webp"])
    .nullish()
    .describe("File format of the images. Default: `png`."),
  output_compression: z
    .int()
    .min(0)
    .max(100)
    .nullish()
    .meta({ default: 100, description: "Compression level in percent, 0 to 100. Default: 100." }),
  user: z.string().optional().describe("Identifier of the end user. Default: none."),
}).meta({ id: "ImageGenerationRequest", ...deduced, description: "Request to generate images." })
export type ImageGenerationRequest = z.infer<typeof ImageGenerationRequest>

export const ImageData = openObject({
  url: z
    .string()
    .nullish()
    .meta(documented)
    .describe("URL of the image. Requires `response_format: url`, the default."),
  b64_json: z
    .string()
    .nullish()
    .meta({ description: "Image file encoded in base64. Requires `response_format: b64_json`." }),
  revised_prompt: z.string().nullish().describe("Prompt that was used, if the model revised it."),
}).meta({ id: "ImageData", ...deduced, description: "Generated image, as a URL or as a file in base64." })
export type ImageData = z.infer<typeof ImageData>

export const ImageUsageInputTokensDetails = openObject({
  text_tokens: Count.describe("Number of text tokens in the input."),
  image_tokens: Count.describe("Number of image tokens in the input."),
}).meta({ id: "ImageUsageInputTokensDetails", ...documented, description: "Breakdown of the input tokens." })
export type ImageUsageInputTokensDetails = z.infer<typeof ImageUsageInputTokensDetails>

export const ImageUsage = openObject({
  total_tokens: Count.describe("Sum of `input_tokens` and `output_tokens`."),
  input_tokens: Count.describe("Number of tokens in the input."),
  output_tokens: Count.describe("Number of tokens in the generated images."),
  input_tokens_details: ImageUsageInputTokensDetails.describe("Input tokens by kind: text and images."),
}).meta({ id: "ImageUsage", ...documented, description: "Token usage of an image request." })
export type ImageUsage = z.infer<typeof ImageUsage>

export const ImageGenerationResponse = openObject({
  created: Count.meta({ description: "Creation time in Unix seconds." }),
  data: z.array(ImageData).describe("Generated images."),
  usage: ImageUsage.nullish().describe("Token usage of the request, for models that count tokens."),
  background: z.string().nullish().meta(deduced).describe("Background of the images, such as `opaque`."),
  output_format: z.string().nullish().meta(deduced).describe("File format of the images, such as `png`."),
  quality: z.string().nullish().meta(deduced).describe("Quality of the images, such as `high`."),
  size: z.string().nullish().meta(deduced).describe("Size of the images in pixels, as `WIDTHxHEIGHT`."),
}).meta({ id: "ImageGenerationResponse", ...documented, description: "Generated images." })
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
        summary: "One image",
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
      summary: "Image as a URL",
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
      says: "`n` must be 1 for dall-e-3.",
      provenance: "deduced",
      holds: ({ model, n }) => model !== "dall-e-3" || (n ?? 1) === 1,
    },
    {
      param: "prompt",
      says: "`prompt` must not exceed 4,000 characters for dall-e-3 and 1,000 characters for dall-e-2.",
      provenance: "deduced",
      holds({ model, prompt }) {
        if (model === "dall-e-3") return prompt.length <= 4000
        return model !== "dall-e-2" || prompt.length <= 1000
      },
    },
    {
      param: "size",
      says:
        "`size` must be auto, or WIDTHxHEIGHT, each from 1 to 8192 pixels. gpt-image-1 supports auto, 1024x1024, " +
        "1536x1024 and 1024x1536; dall-e-3 1024x1024, 1792x1024 and 1024x1792; dall-e-2 256x256, 512x512 and 1024x1024.",
      provenance: "deduced",
      holds({ model = "", size }) {
        if (size === undefined || size === null) return true
        return sizes.get(model)?.includes(size) ?? (size === "auto" || isSize(size))
      },
    },
    {
      param: "background",
      says: "A transparent `background` requires an `output_format` with transparency: png or webp.",
      provenance: "deduced",
      holds: ({ background, output_format }) => background !== "transparent" || output_format !== "jpeg",
    },
  ],
})
