export { type CatalogueModel, catalogue, type ModelKind, modelIds } from "./catalogue.ts"
export {
  type Check,
  type Content,
  type Endpoint,
  type Example,
  endpoint,
  type Success,
  type Surface,
} from "./endpoint.ts"
export {
  Annotation,
  AudioPart,
  ChatCompletionChoice,
  ChatCompletionChunk,
  ChatCompletionChunkChoice,
  ChatCompletionMessage,
  ChatCompletionRequest,
  ChatCompletionResponse,
  ChatDelta,
  ChatMessage,
  ChatRequest,
  ChoiceLogprobs,
  CompletionUsage,
  ContentPart,
  CustomToolCall,
  CustomToolDefinition,
  FilePart,
  FunctionCall,
  FunctionDefinition,
  ImagePart,
  RefusalPart,
  ResponseFormat,
  StreamOptions,
  TextPart,
  TokenLogprob,
  ToolCall,
  ToolCallDelta,
  ToolChoice,
  ToolDefinition,
} from "./endpoints/chat-completions.ts"
export { EmbeddingData, EmbeddingRequest, EmbeddingResponse, EmbeddingUsage } from "./endpoints/embeddings.ts"
export { Model, ModelList } from "./endpoints/models.ts"
export {
  ModerationCategory,
  ModerationPart,
  ModerationRequest,
  ModerationResponse,
  ModerationResult,
} from "./endpoints/moderations.ts"
export { endpoints, type OperationId } from "./endpoints.ts"
export { ErrorObject, ErrorResponse, type ErrorStatus, errorStatuses } from "./error.ts"
export { openEnum, openObject, openUnion, type UnlistedTag } from "./open.ts"
export { type Profile, type ProfileName, profiles } from "./profile.ts"
export type { Provenance } from "./provenance.ts"
export { type Trait, traits } from "./traits.ts"
