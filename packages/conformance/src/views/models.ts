import { type Model, ModelList } from "@nexhina/schemas"
import { plainChat } from "../probes/chat-completions.ts"
import { embeddingText } from "../probes/embeddings.ts"
import { listModels, retrieveModel } from "../probes/models.ts"
import { moderationText } from "../probes/moderations.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import { type View, view } from "../view.ts"
import { answersToValid, decidedResponses, jsonAnswerOf } from "./http.ts"

const base = {
  surface: "models",
  probes: [listModels, retrieveModel],
} as const satisfies Partial<View<unknown>>

/** Model lists and single models, as any JSON value. */
export const modelReplies = view<ParsedReply>({
  ...base,
  id: "models.replies",
  says: "lists of models, and single ones",
  of: jsonAnswerOf("listModels", "retrieveModel"),
})

/** The models of a list with the documented form. */
export const modelLists = view<readonly Model[]>({
  ...base,
  id: "models.lists",
  says: "lists of models",
  probes: [listModels],
  of(exchange) {
    const answered = modelReplies.of(exchange)
    if (answered?.operation !== "listModels" || !answered.json.ok) return undefined
    return fitted(ModelList, answered.json.value)?.data
  },
})

/** A reply about one model or all models. */
export interface ModelAnswer {
  readonly answered: ParsedReply
  /** The requested id; `undefined` for the list. */
  readonly id: string | undefined
}

function idIn(target: string): string | undefined {
  const encoded = /\/models\/([^?]+)/.exec(target)?.[1]
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

/** Replies to requests for the list of models or for one model. */
export const modelAnswers = view<ModelAnswer>({
  ...base,
  id: "models.answers",
  says: "answers about models",
  of(exchange) {
    const answered = decidedResponses.of(exchange)
    if (answered?.operation === "listModels") return { answered, id: undefined }
    if (answered?.operation !== "retrieveModel") return undefined
    return { answered, id: idIn(exchange.request.target) }
  },
})

/** Replies about single models whose id contains a slash. */
export const slashedAnswers = view<ModelAnswer & { readonly id: string; readonly isRaw: boolean }>({
  ...modelAnswers,
  id: "models.slashed",
  says: "answers about models whose id has a slash",
  probes: [listModels],
  occasional: true,
  of(exchange) {
    const answer = modelAnswers.of(exchange)
    if (!answer?.id?.includes("/")) return undefined
    return { ...answer, id: answer.id, isRaw: !/%2f/i.test(exchange.request.target) }
  },
})

/** A valid request, its model and the reply. */
export interface ModelUse {
  readonly answered: ParsedReply
  readonly model: string
}

/** Replies to valid requests that name a model. */
export const modelUses = view<ModelUse>({
  ...base,
  id: "models.uses",
  says: "answers to requests that name a model",
  isEverywhere: true,
  probes: [plainChat, embeddingText, moderationText],
  of(exchange) {
    const answered = answersToValid.of(exchange)
    const model = isObject(answered?.request) ? answered.request["model"] : undefined
    return answered && typeof model === "string" ? { answered, model } : undefined
  },
})
