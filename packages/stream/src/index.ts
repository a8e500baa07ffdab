export type {
  ChatCompletionChoice,
  ChatCompletionChunk,
  ChatCompletionResponse,
  ErrorObject,
  Profile,
  ResponseObject,
  ResponseStreamEvent,
} from "@nexhina/schemas"
export {
  type AssembledChat,
  type AssembledChoice,
  assembleChat,
  type ChatPayload,
  type ChatStream,
  canonicalChat,
  readChatStream,
  type SplitChatOptions,
  splitChat,
} from "./chat.ts"
export {
  createDecoder,
  type DecodedStream,
  type Decoder,
  type DecoderOptions,
  type DecoderReport,
  decode,
} from "./decode.ts"
export {
  type Departure,
  type DepartureKind,
  type DepartureLog,
  departureKinds,
  type Position,
} from "./departures.ts"
export { encode, encodeEvent } from "./encode.ts"
export { DONE, type Frame, type StreamEvent } from "./event.ts"
export type { DecodedEvent, DecodedField } from "./fields.ts"
export { isComplete, type Payload, type PayloadStream, readPayload } from "./payload.ts"
export {
  chatChunks,
  responseEvents,
  StreamError,
  type StreamErrorKind,
  type StreamErrorOptions,
} from "./read-response.ts"
export {
  type AssembledResponse,
  assembleResponse,
  canonicalResponse,
  isResponseEnd,
  type ResponseEnd,
  type ResponsePayload,
  type ResponseStream,
  readResponseStream,
  type SplitResponseOptions,
  splitResponse,
} from "./responses.ts"
