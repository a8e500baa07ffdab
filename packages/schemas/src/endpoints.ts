import type { Endpoint } from "./endpoint.ts"
import { createChatCompletion } from "./endpoints/chat-completions.ts"
import { createEmbedding } from "./endpoints/embeddings.ts"
import { listModels, retrieveModel } from "./endpoints/models.ts"
import { createModeration } from "./endpoints/moderations.ts"

/** Every operation of the gateway, by its id. */
export const endpoints = {
  createChatCompletion,
  createEmbedding,
  createModeration,
  listModels,
  retrieveModel,
} as const satisfies Record<string, Endpoint>
export type OperationId = keyof typeof endpoints
