import { catalogue, type endpoints, type ModelKind, modelIds, type OperationId } from "@nexhina/schemas"
import type { Evidence } from "../evidence.ts"
import { limits } from "../limits.ts"
import { answeredOf, isObject } from "../reading/answered.ts"

export const modelKinds = [...new Set(catalogue.map((model) => model.kind))]

/** What a model is for, by its name, where the catalogue does not have it. Most specific first. */
const namesOfKind: readonly (readonly [RegExp, ModelKind])[] = [
  [/rerank/i, "rerank"],
  [/embed|\b(?:bge|gte|e5|minilm)\b/i, "embedding"],
  [/moderation/i, "moderation"],
  [/whisper|transcri/i, "transcription"],
  [/tts|speech/i, "speech"],
  [/veo|sora|video/i, "video"],
  [/dall-e|image|diffusion/i, "image"],
]

/** Names of models that look like chat models and complete texts, talk, search or guard instead. */
const doubtfulNames =
  /babbage|davinci|turbo-instruct|realtime|audio|search|deep-research|computer-use|codex|\bo\d-pro|guard|ocr/i

/** The operations with a request body: each names a model. */
type BodyOperation = {
  [Id in OperationId]: (typeof endpoints)[Id]["method"] extends "POST" ? Id : never
}[OperationId]

const operationKinds: Partial<Record<OperationId, ModelKind>> = {
  createChatCompletion: "chat",
  createResponse: "chat",
  createEmbedding: "embedding",
  createModeration: "moderation",
  createRerank: "rerank",
  createImage: "image",
  createSpeech: "speech",
  createTranscription: "transcription",
  createTranslation: "transcription",
  createVideo: "video",
} satisfies Record<BodyOperation, ModelKind>

/** Returns the kind of model that an operation asks for, if it asks for one. */
export const kindOfOperation = (operation: OperationId): ModelKind | undefined => operationKinds[operation]

/** Returns the operations that ask for a model of one of these kinds. */
export const operationsOfKinds = (kinds: ReadonlySet<ModelKind>): OperationId[] =>
  // The record's keys are operation ids; `Object.keys` widens them to string.
  (Object.keys(operationKinds) as OperationId[]).filter((operation) => {
    const kind = operationKinds[operation]
    return kind !== undefined && kinds.has(kind)
  })

/** The option that names the model of a kind. */
export const modelOption = (kind: ModelKind): string => (kind === "chat" ? "--model" : `--${kind}-model`)

/** Returns the documented model that an id stands for: with the prefix of a gateway, a date or a variant or without. */
function documented(id: string): (typeof catalogue)[number] | undefined {
  const name = id.slice(id.lastIndexOf("/") + 1).split(":", 1)[0] ?? id
  const snapshot = /^(.*)-\d{4}(?:-?\d\d){0,2}$/.exec(name)?.[1]
  return catalogue.find((model) => model.id === name) ?? catalogue.find((model) => model.id === snapshot)
}

/** What an id says of the kind of its model; `undefined` where it says nothing. */
const kindOf = (id: string): ModelKind | undefined =>
  documented(id)?.kind ?? namesOfKind.find(([pattern]) => pattern.test(id))?.[1]

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

/** A model that may be of a kind, and why it is tried. */
export interface Candidate {
  readonly id: string
  readonly why: string
  /** Whether the target or the user speaks of it: of any other model, a refusal proves nothing. */
  readonly isKnown: boolean
  /** Whether it was named, or its id leaves no doubt about its kind. */
  readonly isCertain: boolean
}

/** Models that the user named, by kind. */
export type NamedModels = Partial<Readonly<Record<ModelKind, string>>>

/** Maximum number of models that are tried for one kind. */
const maxCandidates = 4

/** The models to try for a kind, the likeliest first: the one that was named, else the listed ones, else a documented one. */
export function candidatesFor(
  kind: ModelKind,
  named: NamedModels,
  listed: readonly string[],
): readonly [Candidate, ...Candidate[]] {
  const own = named[kind]
  if (own !== undefined)
    return [{ id: own, why: `named by ${modelOption(kind)}`, isKnown: true, isCertain: true }]
  const alone = listed.length === 1 ? "the only listed model" : undefined
  const from = (ids: readonly string[], why: string, isCertain: boolean): Candidate[] =>
    ids.map((id) => ({ id, why: alone ?? why, isKnown: true, isCertain }))
  const isDoubtful = (id: string) => kind === "chat" && doubtfulNames.test(id)
  const ofKind = listed.filter((id) => kindOf(id) === kind && !isDoubtful(id))
  const silent = listed.filter((id) => kindOf(id) === undefined)
  const likely = silent.filter((id) => !doubtfulNames.test(id))
  const candidates = [
    ...from(ofKind, `a listed ${kind} model, by its name`, true),
    // A model whose name says nothing is most often for chats.
    ...from(
      likely.slice(0, kind === "chat" ? maxCandidates : 1),
      "listed, with a name that suggests no other kind",
      false,
    ),
    ...from(listed.filter(isDoubtful), "listed, and no likelier one is", false),
  ].slice(0, maxCandidates)
  const fallback: Candidate = {
    id: modelIds(kind)[0],
    why: "documented, because none is listed",
    isKnown: false,
    isCertain: false,
  }
  const [first, ...others] = candidates
  if (!first) return [fallback]
  return kind === "chat" || first.isCertain ? [first, ...others] : [first, ...others, fallback]
}

/** The model to ask for, by kind, before anything was asked: the likeliest that is named or listed, else a documented one. */
export function chooseModels(named: NamedModels, listed: readonly string[]): Record<ModelKind, string> {
  const choose = (kind: ModelKind) => {
    const candidates = candidatesFor(kind, named, listed)
    return (
      candidates.find(({ isCertain }) => isCertain) ?? (kind === "chat" ? candidates[0] : candidates.at(-1))
    )?.id
  }
  return Object.fromEntries(modelKinds.map((kind) => [kind, choose(kind)])) as Record<ModelKind, string>
}
