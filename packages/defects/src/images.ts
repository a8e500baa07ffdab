import type { ImageData, ImageGenerationResponse, ImageUsage } from "@nexhina/schemas"
import type { Reply, Situation } from "@nexhina/wire"
import { asked, type Defect, onReply, onRequest, onWire, type Variant, without } from "./defect.ts"

/** Changes a reply with images. */
const onList = (change: (list: ImageGenerationResponse, situation: Situation) => object) =>
  onReply("createImage", change)

/** Changes each image of a reply. */
const onImages = (change: (image: ImageData) => object) =>
  onList((list) => ({ ...list, data: list.data.map(change) }))

/** Changes the text of each image that comes in base64. */
const onBase64 = (change: (text: string) => string) =>
  onImages((image) => (image.b64_json ? { ...image, b64_json: change(image.b64_json) } : image))

/** Changes what each image costs, where it is said. */
const onUsage = (change: (usage: ImageUsage) => object) =>
  onList((list) => (list.usage ? { ...list, usage: change(list.usage) } : list))

/** Where the server understood another size than it was asked for. */
const drawnAs = (other: Readonly<Record<string, string>>) =>
  onRequest("createImage", (request) => {
    const size = asked({ request }, "size")
    return typeof size === "string" && size in other ? { ...request, size: other[size] } : request
  })

/** A request that says in which form the images are to come. */
const saysFormat = (_: Reply, situation: Situation) =>
  situation.operationId === "createImage" && asked(situation, "response_format") !== undefined

/** An image in a URL. */
const circle = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Ccircle r='9'/%3E%3C/svg%3E"

export const imageDefects: readonly Defect[] = [
  {
    id: "images-created-missing",
    says: "the response has no created time",
    breaks: "images.schema",
    fault: "missing",
    also: [],
    seen: ["Schema ImageGenerationResponse: created"],
    ...onList((list) => without(list, "created")),
  },
  {
    id: "images-created-text",
    says: "the created time is a date string",
    breaks: "images.schema",
    fault: "wrong-value",
    also: [],
    seen: ["Schema ImageGenerationResponse: created"],
    ...onList((list) => ({ ...list, created: "2024-04-23T00:53:48Z" })),
  },
  {
    id: "images-nonstandard-format",
    says: "image URLs are file paths on the server",
    breaks: "images.schema",
    fault: "empty",
    also: [],
    seen: ["https://github.com/vllm-project/vllm-omni/pull/1673"],
    ...onImages(() => ({ file: "/outputs/1.png" })),
  },
  {
    id: "images-none",
    says: "there is no image",
    breaks: "images.count",
    fault: "too-few",
    also: ["images.count-all"],
    seen: ["Schema ImageGenerationRequest: n"],
    ...onList((list) => ({ ...list, data: [] })),
  },
  {
    id: "images-one-only",
    says: "n is ignored: there is always one image",
    breaks: "images.count-all",
    fault: "too-few",
    also: [],
    seen: ["Schema ImageGenerationRequest: n"],
    ...onRequest("createImage", (request) => without(request, "n")),
  },
  {
    id: "images-preview-too",
    says: "the first image is sent twice",
    breaks: "images.count",
    fault: "too-many",
    also: [],
    seen: ["Schema ImageGenerationRequest: n"],
    ...onList((list) => ({ ...list, data: [...list.data.slice(0, 1), ...list.data] })),
  },
  {
    id: "images-always-base64",
    says: "images are sent as base64 although URLs were requested",
    breaks: "images.format",
    fault: "not-url",
    also: [],
    seen: ["Schema ImageGenerationRequest: response_format"],
    ...onRequest("createImage", (request) => ({ ...request, response_format: "b64_json" })),
  },
  {
    id: "images-always-url",
    says: "images are sent as URLs although base64 was requested",
    breaks: "images.format",
    fault: "not-base64",
    also: [],
    seen: ["https://github.com/skye-harris/hass_local_openai_llm/pull/53"],
    ...onRequest("createImage", (request) => ({ ...request, response_format: "url" })),
  },
  {
    id: "images-base64-data-url",
    says: "b64_json contains a data URL instead of base64",
    breaks: "images.format",
    fault: "undecodable",
    also: [],
    seen: ["RFC 4648, section 4: the alphabet has neither colon nor comma"],
    ...onBase64((text) => `data:image/png;base64,${text}`),
  },
  {
    id: "images-base64-twice",
    says: "images are base64-encoded twice",
    breaks: "images.format",
    fault: "no-image",
    also: [],
    seen: ["Schema ImageData: b64_json"],
    ...onBase64((text) => btoa(text)),
  },
  {
    id: "images-cut",
    says: "the second half of an image in base64 is missing",
    breaks: "images.format",
    fault: "cut",
    also: [],
    seen: ["PNG, third edition, section 5.6: the last chunk is IEND"],
    ...onBase64((text) => text.slice(0, 4 * Math.floor(text.length / 8))),
  },
  {
    id: "images-url-relative",
    says: "image URLs are paths without a host",
    breaks: "images.format",
    fault: "no-web-url",
    also: [],
    seen: ["https://github.com/skye-harris/hass_local_openai_llm/pull/53"],
    ...onImages((image) => (image.url ? { ...image, url: new URL(image.url).pathname } : image)),
  },
  {
    id: "images-url-data",
    says: "image URLs are data URLs",
    breaks: "images.url-fetchable",
    fault: "data-url",
    also: [],
    seen: ["Schema ImageData: url"],
    ...onImages((image) => (image.url ? { ...image, url: circle } : image)),
  },
  {
    id: "images-always-png",
    says: "output_format is accepted but ignored",
    breaks: "images.output-format",
    fault: "other",
    also: [],
    seen: ["Schema ImageGenerationRequest: output_format"],
    ...onRequest("createImage", (request) => without(request, "output_format", "output_compression")),
  },
  {
    id: "images-always-square",
    says: "every image is a square, whatever size was requested",
    breaks: "images.size",
    fault: "other",
    also: [],
    seen: ["Schema ImageGenerationRequest: size"],
    ...drawnAs({ "1536x1024": "1024x1024", "1024x1536": "1024x1024" }),
  },
  {
    id: "images-usage-of-output",
    says: "usage counts no token of the input",
    breaks: "images.usage",
    fault: "zero",
    also: [],
    seen: ["Schema ImageUsage: input_tokens"],
    ...onUsage((usage) => ({
      ...usage,
      input_tokens: 0,
      total_tokens: usage.output_tokens,
      input_tokens_details: { text_tokens: 0, image_tokens: 0 },
    })),
  },
  {
    id: "images-usage-of-its-own",
    says: "usage has a cost instead of the tokens",
    breaks: "images.usage-counted",
    fault: "other-form",
    also: [],
    seen: ["https://github.com/maximhq/bifrost/issues/5948"],
    ...onUsage(() => ({ cost_in_usd_ticks: 400 })),
  },
  {
    id: "images-usage-zero",
    says: "the token counts in usage are 0",
    breaks: "images.usage-counted",
    fault: "zero",
    also: [],
    seen: ["Schema ImageUsage", "https://github.com/nextcloud/integration_openai/issues/290"],
    ...onUsage((usage) => ({
      ...usage,
      input_tokens: 0,
      output_tokens: 0,
      total_tokens: 0,
      input_tokens_details: { text_tokens: 0, image_tokens: 0 },
    })),
  },
  {
    id: "images-usage-total-of-input",
    says: "total_tokens counts only the input tokens",
    breaks: "images.usage",
    fault: "unequal",
    also: [],
    seen: ["Schema ImageUsage: total_tokens"],
    ...onUsage((usage) => ({ ...usage, total_tokens: usage.input_tokens })),
  },
  {
    id: "images-usage-details-of-output",
    says: "the details of the input tokens count the output images",
    breaks: "images.usage-details",
    fault: "unequal",
    also: [],
    seen: ["Schema ImageUsageInputTokensDetails"],
    ...onUsage((usage) => ({
      ...usage,
      input_tokens_details: { ...usage.input_tokens_details, image_tokens: usage.output_tokens },
    })),
  },
  {
    id: "images-usage-zero-extra-embedding",
    says: "images have the members of an embedding, and usage has the members of chat, all 0",
    breaks: "images.own-members",
    fault: "item",
    also: ["images.schema"],
    seen: ["https://github.com/nextcloud/integration_openai/issues/290"],
    ...onList((list) => ({
      ...list,
      data: list.data.map((image) => ({ embedding: null, index: 0, ...image })),
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    })),
  },
  {
    id: "images-usage-of-chat-too",
    says: "usage contains the members of chat usage too",
    breaks: "images.own-members",
    fault: "usage",
    also: [],
    seen: ["https://github.com/nextcloud/integration_openai/issues/290"],
    ...onUsage((usage) => ({
      ...usage,
      prompt_tokens: usage.input_tokens,
      completion_tokens: usage.output_tokens,
    })),
  },
  {
    id: "images-url-of-listener",
    says: "image URLs have the address that the server listens at",
    breaks: "images.url-reachable",
    fault: "own-address",
    also: [],
    seen: ["https://github.com/nextcloud/integration_openai/issues/53"],
    ...onImages((image) =>
      image.url ? { ...image, url: image.url.replace(/^http:\/\/[^/:]+/, "http://0.0.0.0") } : image,
    ),
  },
]

const uncounted = {
  input_tokens: 0,
  output_tokens: 0,
  total_tokens: 0,
  input_tokens_details: { text_tokens: 0, image_tokens: 0 },
}

export const imageVariants: readonly Variant[] = [
  {
    id: "images-not-counted",
    says: "usage is there and counts nothing",
    notes: ["images.usage-counted"],
    seen: ["https://github.com/mostlygeek/llama-swap/issues/623"],
    ...onUsage(() => uncounted),
  },
  {
    id: "images-cost-only",
    says: "usage has the cost of an image and no tokens",
    notes: ["images.usage-counted"],
    seen: ["https://github.com/maximhq/bifrost/issues/5948"],
    ...onUsage(() => ({ cost_in_usd_ticks: 400 })),
  },
  {
    id: "images-filtered",
    says: "a safety filter leaves out one of several images",
    notes: ["images.count-all"],
    seen: ["Imagen: images that are filtered are left out"],
    ...onList((list) => ({ ...list, data: list.data.length > 1 ? list.data.slice(1) : list.data })),
  },
  {
    id: "images-response-format-rejected",
    says: "response_format is rejected, as for OpenAI's GPT image models",
    notes: [],
    seen: ["https://github.com/ssnangua/ColorTxt/issues/82"],
    ...onWire(saysFormat, () => ({
      status: 400,
      body: JSON.stringify({
        error: {
          message: "Unknown parameter: 'response_format'.",
          type: "invalid_request_error",
          param: "response_format",
          code: "unknown_parameter",
        },
      }),
    })),
  },
  {
    id: "images-no-usage",
    says: "the response has no usage, as for the DALL-E models",
    notes: [],
    seen: ["OpenAI API reference: the image generation response, usage"],
    ...onList((list) => without(list, "usage")),
  },
  {
    id: "images-nulls",
    says: "missing members are null",
    notes: [],
    seen: ["https://github.com/nextcloud/integration_openai/issues/290"],
    ...onImages((image) => ({ url: null, b64_json: null, revised_prompt: null, ...image })),
  },
  {
    id: "images-revised-prompt",
    says: "the response contains a revised prompt and repeats the parameters of the request",
    notes: [],
    seen: ["OpenAI API reference: the image generation response"],
    ...onList((list, situation) => ({
      ...list,
      data: list.data.map((image) => ({ ...image, revised_prompt: "A red circle, on plain white." })),
      size: asked(situation, "size"),
      quality: asked(situation, "quality"),
      background: "opaque",
    })),
  },
  {
    id: "images-output-details",
    says: "usage contains details of the output tokens",
    notes: [],
    seen: ["OpenAI API reference: the image generation response, usage"],
    ...onUsage((usage) => ({
      ...usage,
      output_tokens_details: { text_tokens: 0, image_tokens: usage.output_tokens },
    })),
  },
  {
    id: "images-data-urls",
    says: "images are sent as data URLs when base64 was not requested",
    notes: ["images.url-fetchable"],
    seen: ["https://github.com/skye-harris/hass_local_openai_llm/pull/53", "RFC 2397"],
    ...onImages((image) => (image.url ? { ...image, url: circle } : image)),
  },
]
