import { headerOf } from "@nexhina/wire"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { shown } from "../reading/shown.ts"
import type { Fault, Severity, Where } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"

export const familyFaults = { other: "the model is of a different family than the requested one" } as const

export const familySource = "OpenAI API reference: model, the model used for the reply"

export const familySightings = [
  "https://github.com/icebear0828/codex-proxy/issues/660",
  "https://github.com/znlsl/Antigravity2Api/pull/19",
  "https://github.com/anthony-chaudhary/fak/issues/360",
]

/** A server with one model may answer with its name, whatever was asked for. */
export const familySeverity = ({ traits }: TargetFacts): Severity | "not-applicable" =>
  traits.has("single-model") ? "not-applicable" : "SHOULD"

/** Families of models by their names. Models of one maker count as one family. */
const families = [
  /gpt|davinci|babbage|codex|\bo[1-9]\b|text-embedding-(?:3|ada)/i,
  /claude/i,
  /gemini|gemma|palm-?2/i,
  // Not the server ollama.
  /(?<!o)llama/i,
  /mistral|mixtral|ministral|magistral|codestral|devstral|pixtral|voxtral/i,
  /qwen|qwq|qvq/i,
  /deepseek/i,
  /grok/i,
  /\bphi-?\d/i,
  /\bcommand-(?:r|a)\b/i,
  /\b(?:chat)?glm\b/i,
  /kimi|moonshot/i,
  /\bbge\b/i,
  /\bjina/i,
  /nomic/i,
  /minilm/i,
  /voyage/i,
]

const familiesOf = (model: string) => families.filter((family) => family.test(model))

/** Words that are in the names of models of any family. */
const commonWords: ReadonlySet<string> = new Set(
  (
    "chat text embed embedding embeddings instruct latest preview mini nano large small base turbo flash plus vision " +
    "coder reasoning thinking free model models gguf gptq safetensors"
  ).split(" "),
)

/** Returns the words of a model's name, without the prefix of a provider or the folder of a file. */
const wordsOf = (model: string): readonly string[] =>
  (
    model
      .slice(model.lastIndexOf("/") + 1)
      .toLowerCase()
      .match(/[a-z]{4,}/g) ?? []
  ).filter((word) => !commonWords.has(word))

/** Returns whether two names are known to be of families that have nothing in common. Names of deployments are not. */
export function areOfOtherFamilies(asked: string, answered: string): boolean {
  const [own, other] = [familiesOf(asked), familiesOf(answered)]
  if (own.length === 0 || other.length === 0 || own.some((family) => other.includes(family))) return false
  const words = wordsOf(asked)
  return !wordsOf(answered).some((word) => words.includes(word))
}

/** Returns whether a request permits other models, or its reply says that one stood in for the requested one. */
function isFallback({ request, exchange }: ParsedReply): boolean {
  const members = isObject(request) ? request : {}
  if (members["models"] !== undefined || members["fallbacks"] !== undefined) return true
  const attempts = headerOf(exchange.response?.headers ?? [], "x-litellm-attempted-fallbacks")
  return attempts !== undefined && attempts !== "0"
}

/** Returns the fault of a reply that names a model of another family than its request. */
export function familyFault(
  { answered, model, at }: { readonly answered: ParsedReply; readonly model: unknown; readonly at: Where },
  known: TargetFacts,
): Fault<keyof typeof familyFaults>[] {
  const asked = isObject(answered.request) ? answered.request["model"] : undefined
  if (typeof asked !== "string" || typeof model !== "string" || isFallback(answered)) return []
  // vLLM answers with the first of several names that its model is served under.
  if (model === known.listed[0] || !areOfOtherFamilies(asked, model)) return []
  return [{ fault: "other", at, expected: `a name of ${asked}`, actual: shown(model) }]
}
