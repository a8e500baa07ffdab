import { catalogue, type ModelKind, modelIds } from "@nexhina/schemas"
import type { Evidence } from "../evidence.ts"
import { limits } from "../limits.ts"
import { answeredOf, isObject } from "../reading/answered.ts"

const kinds = [...new Set(catalogue.map((model) => model.kind))]

/** What a model is for, by its name, where the catalogue does not have it. Most specific first. */
const namesOfKind: readonly (readonly [RegExp, ModelKind])[] = [
  [/embed/i, "embedding"],
  [/moderation/i, "moderation"],
  [/rerank/i, "rerank"],
  [/whisper|transcri/i, "transcription"],
  [/tts|speech/i, "speech"],
  [/veo|sora|video/i, "video"],
  [/dall-e|image|diffusion/i, "image"],
]

function kindOf(id: string): ModelKind {
  return (
    catalogue.find((model) => model.id === id)?.kind ??
    namesOfKind.find(([pattern]) => pattern.test(id))?.[1] ??
    "chat"
  )
}

/** Whether a model can be asked for by this id: every request and every command to replay it repeats it. */
const isModelId = (id: unknown): id is string =>
  typeof id === "string" && id !== "" && id.length <= limits.modelIdLength.max

/** The ids in a models list, however much else is wrong with it. */
export function listedModels(exchange: Evidence): string[] {
  const json = answeredOf(exchange)?.json
  if (!json?.ok || !isObject(json.value) || !Array.isArray(json.value["data"])) return []
  return json.value["data"].flatMap((model) =>
    isObject(model) && isModelId(model["id"]) ? [model["id"]] : [],
  )
}

/** The model to ask for, by kind: the one that was named, else the first listed, else the first documented. */
export function chooseModels(
  named: Partial<Readonly<Record<ModelKind, string>>>,
  listed: readonly string[],
): Record<ModelKind, string> {
  const choose = (kind: ModelKind) =>
    named[kind] ?? listed.find((id) => kindOf(id) === kind) ?? modelIds(kind)[0]
  return Object.fromEntries(kinds.map((kind) => [kind, choose(kind)])) as Record<ModelKind, string>
}
