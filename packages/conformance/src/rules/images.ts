import { ImageGenerationResponse } from "@nexhina/schemas"
import { imageStep } from "../probes/images.ts"
import { isObject } from "../reading/answered.ts"
import { schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import {
  drawsSeveral,
  inBase64,
  isGptImage,
  otherSize,
  takesOutputFormat,
  takesResponseFormat,
} from "../requests/images.ts"
import { type Fault, rule } from "../rule.ts"
import { type Drawn, imageLists, imageReplies, imageUsages, visibleImages } from "../views/images.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const source = "Generate Image; OpenAI API reference: create image"

const bodyAt = (pointer: string) => ({ part: "body", pointer }) as const

const isWebUrl = (url: string) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
const isDataUrl = (url: string) => /^data:/i.test(url)

type FormatFault = Fault<"not-url" | "not-base64" | "undecodable" | "no-image" | "cut" | "no-web-url">

function formatFaults(drawn: Drawn, wanted: "url" | "b64_json" | null | undefined): FormatFault[] {
  const { pointer, url, isBase64, picture } = drawn
  if (wanted === "url" && url === undefined)
    return [{ fault: "not-url", at: bodyAt(`${pointer}/url`), expected: "a URL", actual: "nothing" }]
  if (wanted === "b64_json" && !isBase64)
    return [{ fault: "not-base64", at: bodyAt(`${pointer}/b64_json`), expected: "base64", actual: "nothing" }]
  const faults: FormatFault[] = []
  if (picture && !picture.bytes)
    faults.push({
      fault: "undecodable",
      at: bodyAt(picture.pointer),
      expected: "base64 and nothing else",
      actual: "other text",
    })
  else if (picture?.bytes && !picture.format)
    faults.push({
      fault: "no-image",
      at: bodyAt(picture.pointer),
      expected: "a PNG, JPEG, WebP or GIF",
      actual: `bytes that begin with ${Buffer.from(picture.bytes.subarray(0, 8)).toString("hex")}`,
    })
  else if (picture?.isCut)
    faults.push({
      fault: "cut",
      at: bodyAt(picture.pointer),
      expected: `the end of a ${picture.format} file`,
      actual: `its first ${picture.bytes?.length} bytes`,
    })
  if (url !== undefined && !isWebUrl(url) && !isDataUrl(url))
    faults.push({
      fault: "no-web-url",
      at: bodyAt(`${pointer}/url`),
      expected: "an absolute http or https URL",
      actual: shown(url),
    })
  return faults
}

const tokenCounts = ["input_tokens", "output_tokens", "total_tokens"] as const

/** Whether a reply's usage is something else than image usage; half a form is one that is broken. */
const isOtherUsage = (value: unknown): boolean => {
  const usage = isObject(value) ? value["usage"] : undefined
  return isObject(usage) && tokenCounts.every((name) => !(name in usage))
}

/** Members that belong to the items of other endpoints. */
const foreign = ["embedding", "index"]

const unspecified: ReadonlySet<string> = new Set(["0.0.0.0", "[::]"])
const isLoopback = (host: string) =>
  host === "[::1]" || host === "localhost" || host.endsWith(".localhost") || /^127\.\d+\.\d+\.\d+$/.test(host)

/** Whether a URL leads to the machine that reads it, although the target was asked at another address. */
function isOwnUrl(url: string, asked: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : undefined
  if (host === undefined || host === asked) return false
  return unspecified.has(host) || (isLoopback(host) && !isLoopback(asked))
}

export const imageRules = [
  rule({
    id: "images.schema",
    since,
    says: "MUST return `created` and `data`, each item with `url` or `b64_json`; `usage`, if present, has the form of image usage",
    severity: "MUST",
    source,
    see: [
      "https://github.com/vllm-project/vllm-omni/pull/1673",
      "https://github.com/nextcloud/integration_openai/issues/290",
    ],
    on: imageReplies,
    faults: {
      missing: "a member is missing",
      "wrong-value": "a member has a value that is not documented",
      empty: "an item has neither a url nor b64_json",
    },
    holds({ json }) {
      const value = json.ok ? json.value : undefined
      const faults = firstOfEach(
        schemaFaults(ImageGenerationResponse, value).filter(
          ({ path: [member] }) => member !== "usage" || !isOtherUsage(value),
        ),
      )
      const { data } = isObject(value) ? value : {}
      const at = Array.isArray(data)
        ? data.findIndex((item) => isObject(item) && !item["url"] && !item["b64_json"])
        : -1
      if (at === -1) return faults
      const empty = {
        fault: "empty",
        at: bodyAt(`/data/${at}`),
        expected: "an image",
        actual: "none",
      } as const
      return [...faults, empty]
    },
  }),

  rule({
    id: "images.count",
    since,
    says: "MUST return an image, and no more than the `n` that were requested (default: 1)",
    severity: "MUST",
    source,
    on: imageLists,
    faults: { "too-few": "an image is missing", "too-many": "there are more images than requested" },
    asks: (known) => (drawsSeveral(known) ? [imageStep(known, { n: 2 })] : []),
    holds({ request: { n }, images }) {
      const wanted = n ?? 1
      if (images.length === wanted || (wanted > 1 && images.length < wanted)) return []
      return [
        {
          fault: images.length < wanted ? "too-few" : "too-many",
          at: bodyAt("/data"),
          expected: `${wanted} images`,
          actual: String(images.length),
        },
      ]
    },
  }),

  rule({
    id: "images.count-all",
    since,
    says: "SHOULD return all of several images: a safety filter may drop one",
    severity: "SHOULD",
    source,
    on: imageLists,
    faults: { "too-few": "an image is missing" },
    asks: (known) => (drawsSeveral(known) ? [imageStep(known, { n: 2 })] : []),
    holds({ request: { n }, images }) {
      const wanted = n ?? 1
      if (wanted === 1 || images.length >= wanted) return []
      const actual = String(images.length)
      return [{ fault: "too-few", at: bodyAt("/data"), expected: `${wanted} images`, actual }]
    },
  }),

  rule({
    id: "images.format",
    since,
    says: "MUST return images as requested: an absolute URL, or base64 that decodes to a whole image",
    severity: "MUST",
    source,
    see: [
      "https://github.com/skye-harris/hass_local_openai_llm/pull/53",
      "https://github.com/vllm-project/vllm-omni/pull/1673",
    ],
    on: imageLists,
    after: ["images.schema:empty"],
    faults: {
      "not-url": "a URL was requested, but is missing",
      "not-base64": "base64 was requested, but is missing",
      undecodable: "the text is not base64",
      "no-image": "the bytes are not an image",
      cut: "the image stops before its end",
      "no-web-url": "the URL is not absolute, or not http(s)",
    },
    asks: (known) => (takesResponseFormat(known) ? [imageStep(known, { response_format: "url" })] : []),
    holds: ({ request, images }) =>
      firstOfEach(images.flatMap((drawn) => formatFaults(drawn, request.response_format))),
  }),

  rule({
    id: "images.url-fetchable",
    since,
    says: "SHOULD return an address in `url`, not a data URL that contains the image",
    severity: "SHOULD",
    source,
    on: imageLists,
    faults: { "data-url": "the url is a data URL" },
    holds({ images }) {
      const inside = images.find(({ url }) => url !== undefined && isDataUrl(url))
      if (!inside) return []
      return [
        {
          fault: "data-url",
          at: bodyAt(`${inside.pointer}/url`),
          expected: "an http or https URL",
          actual: shown(inside.url?.slice(0, 40)),
        },
      ]
    },
  }),

  rule({
    id: "images.url-reachable",
    since,
    says: "SHOULD return URLs whose host clients can reach, not an address that only the server itself understands",
    severity: "SHOULD",
    source,
    see: ["https://github.com/nextcloud/integration_openai/issues/53"],
    on: imageLists,
    after: ["images.url-fetchable", "images.format"],
    faults: { "own-address": "the host is a loopback or unspecified address that was not the one asked" },
    holds({ host, images }) {
      const other = images.find(({ url }) => url !== undefined && isOwnUrl(url, host))
      if (!other) return []
      const at = bodyAt(`${other.pointer}/url`)
      return [
        { fault: "own-address", at, expected: `a host like ${host}`, actual: shown(other.url?.slice(0, 80)) },
      ]
    },
  }),

  rule({
    id: "images.output-format",
    since,
    says: "MUST return images in the requested `output_format` (other models than GPT image models: SHOULD)",
    severity: ({ models }) => (isGptImage(models.image) ? "MUST" : "SHOULD"),
    source,
    on: visibleImages,
    faults: { other: "the bytes are an image of a different format" },
    asks: (known) =>
      takesOutputFormat(known) ? [imageStep(known, { ...inBase64(known), output_format: "jpeg" })] : [],
    holds({ request: { output_format: wanted }, pictures }) {
      const other = wanted && pictures.find(({ format }) => format !== wanted)
      if (!other) return []
      return [{ fault: "other", at: bodyAt(other.pointer), expected: wanted, actual: other.format ?? "none" }]
    },
  }),

  rule({
    id: "images.size",
    since,
    says: "SHOULD return images of the requested `size`",
    severity: "SHOULD",
    source,
    on: visibleImages,
    faults: { other: "the image has a different size" },
    asks: (known) => [imageStep(known, otherSize(known))],
    holds({ request: { size: wanted }, pictures }) {
      if (!wanted || wanted === "auto") return []
      const other = pictures.find(({ size }) => size !== wanted)
      if (!other) return []
      return [
        {
          fault: "other",
          at: bodyAt(other.pointer),
          expected: wanted,
          actual: other.size ?? "no size in the image's header",
        },
      ]
    },
  }),

  rule({
    id: "images.usage",
    since,
    says: "MUST report consistent image usage, if any: input tokens above 0 and `total_tokens` as the sum",
    severity: "MUST",
    source,
    see: ["https://github.com/nextcloud/integration_openai/issues/290"],
    on: imageUsages,
    faults: { zero: "no token of input was counted", unequal: "the total is not the sum" },
    holds({ input_tokens: input, output_tokens: output, total_tokens: total }) {
      const at = (member: string) => bodyAt(`/usage/${member}`)
      if (input === 0 && total === 0 && output === 0) return []
      if (input === 0)
        return [{ fault: "zero", at: at("input_tokens"), expected: "more than 0", actual: "0" }]
      if (input + output === total) return []
      const sum = `${input + output}, as ${input} and ${output}`
      return [{ fault: "unequal", at: at("total_tokens"), expected: sum, actual: String(total) }]
    },
  }),

  rule({
    id: "images.usage-counted",
    since,
    says: "SHOULD count the tokens of an image, in the documented form of image usage, or report no usage",
    severity: "SHOULD",
    source,
    see: [
      "https://github.com/mostlygeek/llama-swap/issues/623",
      "https://github.com/mudler/LocalAI/issues/7354",
    ],
    on: imageReplies,
    after: ["images.schema:missing"],
    faults: { zero: "all counts are 0", "other-form": "the usage has none of the documented members" },
    holds({ json }) {
      const value = json.ok ? json.value : undefined
      const usage = isObject(value) ? value["usage"] : undefined
      if (isOtherUsage(value))
        return [
          {
            fault: "other-form",
            at: bodyAt("/usage"),
            expected: tokenCounts.join(", "),
            actual: shown(usage),
          },
        ]
      if (!isObject(usage) || !tokenCounts.every((name) => usage[name] === 0)) return []
      return [{ fault: "zero", at: bodyAt("/usage/input_tokens"), expected: "more than 0", actual: "0" }]
    },
  }),

  rule({
    id: "images.usage-details",
    since,
    says: "SHOULD split input tokens into text and image tokens that add up",
    severity: "SHOULD",
    source: "Schema ImageUsage; OpenAI API reference: the image generation response",
    on: imageUsages,
    faults: { unequal: "text_tokens and image_tokens are not input_tokens together" },
    holds({ input_tokens: input, input_tokens_details: { text_tokens: text, image_tokens: image } }) {
      if (text + image === input) return []
      return [
        {
          fault: "unequal",
          at: bodyAt("/usage/input_tokens_details"),
          expected: `${input} together`,
          actual: `${text} and ${image}`,
        },
      ]
    },
  }),

  rule({
    id: "images.own-members",
    since,
    says: "SHOULD NOT return members of embeddings or chat usage in an image response",
    severity: "SHOULD",
    source,
    see: ["https://github.com/nextcloud/integration_openai/issues/290"],
    on: imageReplies,
    faults: {
      item: "an item has a member of an embedding",
      usage: "the usage counts prompt_tokens or completion_tokens",
    },
    holds({ json }) {
      const { data, usage } = json.ok && isObject(json.value) ? json.value : {}
      const faults: Fault<"item" | "usage">[] = []
      for (const [at, item] of (Array.isArray(data) ? data : []).entries()) {
        const member = isObject(item) && foreign.find((name) => name in item)
        if (member)
          faults.push({
            fault: "item",
            at: bodyAt(`/data/${at}/${member}`),
            expected: "nothing",
            actual: shown(item[member]),
          })
      }
      const counted = isObject(usage) && ["prompt_tokens", "completion_tokens"].find((name) => name in usage)
      if (counted)
        faults.push({
          fault: "usage",
          at: bodyAt(`/usage/${counted}`),
          expected: "input_tokens and output_tokens alone",
          actual: shown(usage[counted]),
        })
      return firstOfEach(faults)
    },
  }),
] as const
