import type { ImageData, ImageGenerationResponse, ImageUsage } from "@nexhina/schemas"
import { sentence } from "../content/prose.ts"
import { digest, digestText, random } from "../content/random.ts"
import { limitPixels } from "../media/media.ts"
import { pixelsOf } from "../media/pixels.ts"
import { Refusal } from "../refusal.ts"
import type { ReplyMaker } from "../reply-maker.ts"
import { refuseStream } from "./not-streamed.ts"

/** What draws when the request names no model. Source: OpenAI API reference, "Create image". */
const usualModel = "dall-e-2"
const usualSize = "1024x1024"
const usualQuality = "medium"

/** Placeholder pictures that depend on the seed, the model, the prompt and their places alone. */
export const createImage: ReplyMaker<"createImage"> = async ({
  request,
  profile,
  models,
  tokenizer,
  origin,
  media,
  lane,
  now,
  seed,
}) => {
  const { prompt, response_format, output_compression } = request
  const model = request.model ?? usualModel
  models.require(model, "image")
  refuseStream(request, { stream: true }, "images")
  const gptImage = model.startsWith("gpt-image-")
  const base64Only = gptImage && !profile.gptImageUrls
  if (base64Only && response_format) {
    throw new Refusal(400, {
      message: `Unknown parameter: 'response_format'. ${model} always returns base64.`,
      param: "response_format",
      code: "unknown_parameter",
    })
  }
  const size = !request.size || request.size === "auto" ? usualSize : request.size
  const { width, height } = pixelsOf(size)
  limitPixels({ width, height }, "size")
  const format = request.output_format ?? "png"
  const background = request.background === "transparent" ? "transparent" : "opaque"
  const quality = !request.quality || request.quality === "auto" ? usualQuality : request.quality

  const ofPrompt = digest(`${model}\n${prompt}`, seed)
  const data: ImageData[] = []
  for (let index = 0; index < (request.n ?? 1); index++) {
    const drawn = digest(String(index), ofPrompt)
    const image = await media.show(
      {
        name: `image.${format}`,
        query: { seed: digestText(drawn), width, height, background, quality: output_compression ?? 100 },
      },
      base64Only ? "b64_json" : (response_format ?? "url"),
      { origin, lane },
    )
    data.push(
      model === "dall-e-3" ? { ...image, revised_prompt: `${prompt} ${sentence(random(drawn))}` } : image,
    )
  }
  const value: ImageGenerationResponse = {
    created: now,
    ...(gptImage && profile.openaiMembers && { background, output_format: format, quality, size }),
    data,
    ...(gptImage && { usage: usageOf(tokenizer.count(prompt), request.n ?? 1, quality, width * height) }),
  }
  return { value, lists: { data: { by: "n" } } }
}

/** What a square image of gpt-image-1 costs in tokens. Source: OpenAI's guide "Image generation". */
const tokensBySquare = new Map([
  ["low", 272],
  ["medium", 1056],
  ["high", 4160],
])

function usageOf(text_tokens: number, images: number, quality: string, pixels: number): ImageUsage {
  const square = tokensBySquare.get(quality) ?? 1056
  const output_tokens = images * Math.ceil((square * pixels) / 1024 ** 2)
  return {
    total_tokens: text_tokens + output_tokens,
    input_tokens: text_tokens,
    output_tokens,
    input_tokens_details: { text_tokens, image_tokens: 0 },
  }
}
