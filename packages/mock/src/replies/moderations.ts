import {
  type ModerationRequest,
  type ModerationResponse,
  type ModerationResult,
  modelIds,
} from "@nexhina/schemas"
import { type Digest, digest, digestFraction } from "../random.ts"
import type { ReplyMaker } from "../reply.ts"

/** One result for each input, by a short list of words; the parts of a multimodal input are one. */
export const createModeration: ReplyMaker<"createModeration"> = ({ request, models, profile, seed, id }) => {
  const [usual] = modelIds("moderation")
  const { model = usual, input } = request
  models.require(model, "moderation")
  const categories = profile.openaiMembers ? [...documented, ...others] : documented
  const value: ModerationResponse = {
    id: `modr-${id}`,
    model,
    results: texts(input).map((text) => ({
      ...judge(text, categories, digest(model, seed)),
      ...(profile.openaiMembers && {
        category_applied_input_types: Object.fromEntries(categories.map((category) => [category, ["text"]])),
      }),
    })),
  }
  return { value }
}

/** The categories of the documentation's sample. */
const documented = ["violence", "hate", "sexual"] as const
/** Those that OpenAI's API reference has besides. */
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

/** How words begin that speak for a category and, where its name has two parts, for the first part too. */
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

function judge(text: string, categories: readonly Category[], seed: Digest): ModerationResult {
  const words = text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'-]*/gu) ?? []
  const spoken = new Set(
    Object.keys(stems)
      .filter(isCategory)
      .filter((category) => words.some((word) => stems[category].some((stem) => word.startsWith(stem))))
      .flatMap((category) => [category, category.split("/")[0]]),
  )
  const scores = categories.map((category) => {
    const chance = digestFraction(digest(text, digest(category, seed)))
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

function texts(input: ModerationRequest["input"]): string[] {
  if (typeof input === "string") return [input]
  const strings = input.filter((item) => typeof item === "string")
  if (strings.length > 0) return strings
  return [
    input.flatMap((part) => (typeof part === "object" && part.type === "text" ? part.text : [])).join("\n"),
  ]
}
