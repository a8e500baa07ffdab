import type { OperationId } from "@nexhina/schemas"
import type { ReplyMaker } from "../reply-maker.ts"
import { createChatCompletion } from "./chat/completion.ts"
import { createEmbedding } from "./embeddings.ts"
import { createImage } from "./images.ts"
import { listModels, retrieveModel } from "./models.ts"
import { createModeration } from "./moderations.ts"
import { createRerank } from "./rerank.ts"
import {
  createResponse,
  deleteResponse,
  listResponseInputItems,
  retrieveResponse,
} from "./responses/create.ts"
import { createSpeech } from "./speech.ts"
import { createTranscription, createTranslation } from "./transcriptions.ts"
import { createVideo, retrieveVideo, retrieveVideoContent } from "./video.ts"

/** Who answers what. An operation of the contract that is missing here does not compile. */
export const replies: { readonly [Id in OperationId]: ReplyMaker<Id> } = {
  createChatCompletion,
  listModels,
  retrieveModel,
  createResponse,
  retrieveResponse,
  deleteResponse,
  listResponseInputItems,
  createEmbedding,
  createImage,
  createSpeech,
  createTranscription,
  createTranslation,
  createVideo,
  retrieveVideo,
  retrieveVideoContent,
  createModeration,
  createRerank,
}
