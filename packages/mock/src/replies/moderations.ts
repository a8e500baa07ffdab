import {
  type ModerationRequest,
  type ModerationResponse,
  type ModerationResult,
  modelIds,
} from "@nexhina/schemas"
import { type Digest, digest, digestFraction } from "../content/random.ts"
import { limits } from "../limits.ts"
import { requireWithin } from "../refusal.ts"
import type { ReplyMaker } from "../reply-maker.ts"

/** One result for each input, by a short list of words; the parts of a multimodal input are one. */
export const createModeration: ReplyMaker<"createModeration"> = ({ request, models, profile, seed, id }) => {
  const [usual] = modelIds("moderation")
  const { model = usual, input } = request
  models.require(model, "moderation")
  const asked = inputs(input)
  requireWithin(limits.moderationInputs, asked.length, "input")
  const texts = asked.map(({ text = "" }) => text.length)
  requireWithin(
    limits.moderationText,
    texts.reduce((sum, length) => sum + length, 0),
    "input",
  )
  const categories = profile.openaiMembers ? [...documented, ...others] : documented
  const value: ModerationResponse = {
    id: `modr-${id}`,
    model,
    results: asked.map((one) => ({
      ...judge(one, categories, digest(model, seed)),
      ...(profile.openaiMembers && {
        category_applied_input_types: Object.fromEntries(
          categories.map((category) => [category, appliedTypes(one, category)]),
        ),
      }),
    })),
  }
  return { value, lists: { results: { by: "input" } } }
}

/** The categories of the documentation's sample. */
const documented = ["violence", "hate", "sexual"] as const
/** Additional categories of OpenAI's API reference. */
const others = [
  "harassment",
  "harassment/threatening",
  "hate/threatening",
  "illicit",
  "illicit/violent",
  "self-harm",
  "self-harm/intent",
  "self-harm/instructions",
  "sexual/minors",
  "violence/graphic",
] as const
type Category = (typeof documented)[number] | (typeof others)[number]

/** Beginnings of words that indicate a category and, if its name has two parts, also the first part. */
const stems: Readonly<Record<Category, readonly string[]>> = {
  violence: ["hurt", "kill", "attack", "murder", "stab"],
  "violence/graphic": ["gore", "dismember"],
  hate: ["hate", "hating", "racis", "bigot"],
  "hate/threatening": ["exterminat"],
  sexual: ["sex", "porn", "nude", "erotic"],
  "sexual/minors": ["underage"],
  harassment: ["stupid", "idiot", "loser", "bully"],
  "harassment/threatening": ["threat"],
  illicit: ["smuggl", "counterfeit", "launder"],
  "illicit/violent": ["bomb", "explosive"],
  "self-harm": ["suicid", "self-harm"],
  "self-harm/intent": ["suicidal"],
  "self-harm/instructions": ["overdos"],
}

const isCategory = (name: string): name is Category => Object.hasOwn(stems, name)

/** Categories that also apply to images in OpenAI's API reference. */
const ofImages: ReadonlySet<Category> = new Set([
  "self-harm",
  "self-harm/intent",
  "self-harm/instructions",
  "sexual",
  "violence",
  "violence/graphic",
])

function appliedTypes({ text, images }: Input, category: Category): string[] {
  const image = images.length > 0 && ofImages.has(category)
  return [...(text === undefined ? [] : ["text"]), ...(image ? ["image"] : [])]
}

/** What one result is about. */
interface Input {
  /** `undefined` if the input contains only images. */
  readonly text?: string
  /** Their URLs. */
  readonly images: readonly string[]
}

function judge(
  { text = "", images }: Input,
  categories: readonly Category[],
  seed: Digest,
): ModerationResult {
  const words = text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'-]*/gu) ?? []
  const spoken = new Set(
    Object.keys(stems)
      .filter(isCategory)
      .filter((category) => words.some((word) => stems[category].some((stem) => word.startsWith(stem))))
      .flatMap((category) => [category, category.split("/")[0]]),
  )
  const scores = categories.map((category) => {
    const chance = digestFraction(digest([text, ...images].join("\n"), digest(category, seed)))
    const score = spoken.has(category) ? 0.75 + 0.24 * chance : 0.05 * chance
    return [category, Number(score.toFixed(6))] as const
  })
  const verdicts = scores.map(([category, score]) => [category, score >= 0.5] as const)
  return {
    flagged: verdicts.some(([, verdict]) => verdict),
    categories: Object.fromEntries(verdicts),
    category_scores: Object.fromEntries(scores),
  }
}

function inputs(input: ModerationRequest["input"]): Input[] {
  if (typeof input === "string") return [{ text: input, images: [] }]
  const strings = input.filter((item) => typeof item === "string")
  if (strings.length > 0) return strings.map((text) => ({ text, images: [] }))
  const parts = input.filter((item) => typeof item === "object")
  const texts = parts.flatMap((part) => (part.type === "text" ? part.text : []))
  const images = parts.flatMap((part) => (part.type === "image_url" ? part.image_url.url : []))
  return [{ ...(texts.length > 0 && { text: texts.join("\n") }), images }]
}
