import type { ImageGenerationRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { TargetFacts } from "../target/facts.ts"
import { type Members, requestOf, sometimes } from "./members.ts"
import { texts } from "./texts.ts"

type ImageMembers = Members<ImageGenerationRequest>

/** Whether a model is one of OpenAI's GPT image models, by its name. */
export const isGptImage = (model: string): boolean => /gpt-image/.test(model)

/** Returns the documented model that the target's image model resembles, by its name. */
function familyOf({ models }: TargetFacts): "gpt-image" | "dall-e-3" | "dall-e-2" | "other" {
  if (isGptImage(models.image)) return "gpt-image"
  return models.image === "dall-e-3" || models.image === "dall-e-2" ? models.image : "other"
}

/** The smallest size that a model supports, and one more. Unknown models have the most common sizes. */
const sizes = {
  "gpt-image": ["1024x1024", "1536x1024"],
  "dall-e-3": ["1024x1024", "1792x1024"],
  "dall-e-2": ["256x256", "512x512"],
  other: ["1024x1024", "512x512"],
} as const

/** The members of the cheapest image. */
export function cheapest(known: TargetFacts): Pick<ImageMembers, "size" | "quality"> {
  const family = familyOf(known)
  return { size: sizes[family][0], ...(family === "gpt-image" && { quality: "low" }) }
}

/** Another size than the smallest, in base64, so that it can be measured. */
export const otherSize = (known: TargetFacts): ImageMembers => ({
  ...cheapest(known),
  ...inBase64(known),
  size: sizes[familyOf(known)][1],
})

/** Whether the model takes `response_format`: OpenAI's own GPT image models refuse it, and send base64. */
export const takesResponseFormat = (known: TargetFacts): boolean =>
  known.profile.gptImageUrls || familyOf(known) !== "gpt-image"

/** The members that make a model send base64. */
export const inBase64 = (known: TargetFacts): ImageMembers =>
  takesResponseFormat(known) ? { response_format: "b64_json" } : {}

/** Returns whether the model can generate several images at a time. */
export const drawsSeveral = (known: TargetFacts): boolean => familyOf(known) !== "dall-e-3"

/** Returns whether the model may support a format of the image itself. */
export const takesOutputFormat = (known: TargetFacts): boolean => !familyOf(known).startsWith("dall-e")

/** Generates the optional members that the target's image model may support. */
function imageMembers(known: TargetFacts): Readonly<Record<string, fc.Arbitrary<ImageMembers>>> {
  const family = familyOf(known)
  return {
    size: fc.record({ size: fc.constantFrom<(string | undefined)[]>(...sizes[family], undefined) }),
    // What is not said costs more.
    ...(family === "gpt-image" && {
      quality: fc.oneof(
        { weight: 4, arbitrary: fc.constant({ quality: "low" }) },
        { weight: 1, arbitrary: fc.constant({ quality: undefined }) },
      ),
    }),
    user: fc.record({ user: fc.constantFrom("ada", "user-2") }),
    ...(drawsSeveral(known) && { n: fc.record({ n: fc.constantFrom(1, 2) }) }),
    ...(takesResponseFormat(known) && {
      response_format: fc.record({ response_format: fc.constantFrom("b64_json" as const, "url" as const) }),
    }),
    ...(family === "dall-e-3" && {
      style: fc.record({ style: fc.constantFrom("vivid" as const, "natural" as const) }),
    }),
    ...(family === "gpt-image" && {
      moderation: fc.record({ moderation: fc.constantFrom("low" as const, "auto" as const) }),
      output: fc.constantFrom<ImageMembers[]>(
        { output_format: "png", background: "transparent" },
        { output_format: "jpeg", output_compression: 50, background: "opaque" },
        { output_format: "webp", output_compression: 80 },
        { background: "auto" },
      ),
    }),
  }
}

/** Requests for one image or two, with any of the optional members. */
export function anyImageRequests(known: TargetFacts): fc.Arbitrary<ImageGenerationRequest> {
  const base = texts.map((prompt) => ({ model: known.models.image, prompt, ...cheapest(known) }))
  const { quality = fc.constant({}), size = fc.constant({}), ...others } = imageMembers(known)
  return requestOf<ImageGenerationRequest>(base, [quality, size, ...Object.values(others).map(sometimes)])
}
