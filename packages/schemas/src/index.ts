export {
  type CatalogueKind,
  type CatalogueModel,
  catalogue,
  type IdOf,
  type ModelKind,
  modelIds,
} from "./catalogue.ts"
export { createCompiler, createValidator } from "./compiler.ts"
export {
  type Check,
  type Content,
  type Endpoint,
  type Example,
  endpoint,
  isStreamed,
  type Success,
  type Surface,
  surfaces,
} from "./endpoint.ts"
export {
  SpeechRequest,
  TranscriptionRequest,
  TranscriptionResponse,
  TranscriptionSegment,
  TranscriptionWord,
  TranslationRequest,
  TranslationResponse,
} from "./endpoints/audio.ts"
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
  ChatResponseFormat,
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
  StreamOptions,
  TextPart,
  TokenLogprob,
  ToolCall,
  ToolCallDelta,
  ToolChoice,
  ToolDefinition,
} from "./endpoints/chat-completions.ts"
export { EmbeddingData, EmbeddingRequest, EmbeddingResponse, EmbeddingUsage } from "./endpoints/embeddings.ts"
export {
  ImageData,
  ImageGenerationRequest,
  ImageGenerationResponse,
  ImageUsage,
  ImageUsageInputTokensDetails,
} from "./endpoints/images.ts"
export { Model, ModelList } from "./endpoints/models.ts"
export {
  ModerationCategory,
  ModerationPart,
  ModerationRequest,
  ModerationResponse,
  ModerationResult,
} from "./endpoints/moderations.ts"
export { RerankRequest, RerankResponse, RerankResult } from "./endpoints/rerank.ts"
export {
  ResponseAnnotation,
  ResponseDeleted,
  ResponseError,
  ResponseFunctionCall,
  ResponseFunctionCallOutput,
  ResponseFunctionTool,
  ResponseInputFile,
  ResponseInputImage,
  ResponseInputItem,
  ResponseInputMessage,
  ResponseInputText,
  ResponseItem,
  ResponseItemList,
  ResponseObject,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseOutputText,
  ResponseReasoning,
  ResponseRefusal,
  ResponseRequest,
  ResponseStreamEvent,
  ResponseTextConfig,
  ResponseTool,
  ResponseToolChoice,
  ResponseUsage,
} from "./endpoints/responses.ts"
export {
  VideoData,
  VideoGenerationRequest,
  VideoGenerationResponse,
  VideoReply,
  VideoTask,
} from "./endpoints/video.ts"
export { endpoints, type OperationId } from "./endpoints.ts"
export { ErrorObject, ErrorResponse, type ErrorStatus, errorStatuses } from "./error.ts"
export { openEnum, openObject, openUnion, type Unlisted, type UnlistedTag } from "./open.ts"
export { openUnions } from "./open-unions.ts"
export { operationsOf } from "./operations.ts"
export { Channel, Log, Redemption, Token, User } from "./platform.ts"
export { type Profile, type ProfileFlag, type ProfileName, profiles } from "./profile.ts"
export type { Provenance } from "./provenance.ts"
export { responseStatuses } from "./response-statuses.ts"
export { type Trait, traits } from "./traits.ts"
