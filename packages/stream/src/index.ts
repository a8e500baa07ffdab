export {
  type AssembledChat,
  type AssembledChoice,
  assembleChat,
  type ChatPayload,
  type ChatStream,
  canonicalChat,
  readChatStream,
  type SplitOptions,
  splitChat,
} from "./chat.ts"
export {
  createDecoder,
  type Decoded,
  type DecodedEvent,
  type DecodedField,
  type Decoder,
  type DecoderOptions,
  type Departure,
  type DepartureKind,
  decode,
  departureKinds,
  type Ending,
  type Position,
} from "./decode.ts"
export { encode, encodeEvent } from "./encode.ts"
export { DONE, type Frame, type StreamEvent } from "./event.ts"
export { isComplete } from "./payload.ts"
export { chatChunks, responseEvents, StreamError, type StreamErrorKind } from "./read-response.ts"
export {
  type AssembledResponse,
  assembleResponse,
  canonicalResponse,
  isResponseEnd,
  type ResponseEnd,
  type ResponsePayload,
  type ResponseStream,
  readResponseStream,
  splitResponse,
} from "./responses.ts"
