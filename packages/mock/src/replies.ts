import type { OperationId } from "@nexhina/schemas"
import { createChatCompletion } from "./replies/chat-completions.ts"
import { createEmbedding } from "./replies/embeddings.ts"
import { createImage } from "./replies/images.ts"
import { listModels, retrieveModel } from "./replies/models.ts"
import { createModeration } from "./replies/moderations.ts"
import { createRerank } from "./replies/rerank.ts"
import {
  createResponse,
  deleteResponse,
  listResponseInputItems,
  retrieveResponse,
} from "./replies/responses.ts"
import { createSpeech } from "./replies/speech.ts"
import { createTranscription, createTranslation } from "./replies/transcriptions.ts"
import { createVideo, retrieveVideo, retrieveVideoContent } from "./replies/video.ts"
import type { ReplyMaker } from "./reply.ts"

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
