import type { Endpoint } from "./endpoint.ts"
import { createSpeech, createTranscription, createTranslation } from "./endpoints/audio.ts"
import { ChatRequest, createChatCompletion } from "./endpoints/chat-completions.ts"
import { createEmbedding } from "./endpoints/embeddings.ts"
import { createImage } from "./endpoints/images.ts"
import { listModels, retrieveModel } from "./endpoints/models.ts"
import { createModeration } from "./endpoints/moderations.ts"
import { createRerank } from "./endpoints/rerank.ts"
import {
  createResponse,
  deleteResponse,
  listResponseInputItems,
  retrieveResponse,
} from "./endpoints/responses.ts"
import { createVideo, retrieveVideo, retrieveVideoContent } from "./endpoints/video.ts"
import { Channel, Log, Redemption, Token, User } from "./platform.ts"

/** Every operation of the gateway, by its id, in the order of the documentation. */
export const endpoints = {
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
} as const satisfies Record<string, Endpoint>
export type OperationId = keyof typeof endpoints

/** The documented schemas that no operation takes or gives. */
export const schemasWithoutEndpoint = [ChatRequest, Channel, Log, Redemption, Token, User] as const
