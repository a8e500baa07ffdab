export type { Frame, StreamEvent } from "@nexhina/stream"
export type { Alteration, AlterationForm, AlterationKind, NamedAlteration, Situation } from "./alteration.ts"
export { createCollector } from "./collect-garbage.ts"
export { credentialsIn } from "./credentials.ts"
export { contentCodings, type DecodedBody, decode as decodeBody, decodedBody } from "./decoded-body.ts"
export {
  bodyOf,
  Exchange,
  ExchangeEnd,
  Fidelity,
  ReceivedChunk,
  RecordedReply,
  RecordedRequest,
  Redaction,
} from "./exchange.ts"
export { expectationOf } from "./expectation.ts"
export { fileLines } from "./file-lines.ts"
export {
  createForwarder,
  type Forwarder,
  type ForwarderOptions,
  type ReceivedRequest,
  upstreamUrl,
} from "./forward.ts"
export { type DatedExchange, fromHar, Har, HarError, toHar } from "./har.ts"
export { type HarItem, readHar } from "./har-stream.ts"
export { nestsDeeper, stringEnd } from "./json-text.ts"
export { ForeignLine, Line } from "./line.ts"
export { type FormSpelling, toForm } from "./multipart.ts"
export {
  type ReadOptions,
  readTranscript,
  type Transcript,
  TranscriptError,
  type TranscriptSummary,
} from "./read.ts"
export { createRedactor, minSearchedLength, type Redactor } from "./redact.ts"
export {
  type Handle,
  Header,
  type HttpFault,
  headerOf,
  headersOf,
  type MockRequest,
  type Reply,
  type ReplyEnd,
  type StoredFrames,
} from "./reply.ts"
export { type FileLine, type SalvagedItem, salvageTranscript, type UnfinishedExchange } from "./salvage.ts"
export {
  createSend,
  type ResponseHead,
  type Send,
  type SendConfig,
  type Sender,
  type SendOptions,
  type WireRequest,
} from "./send.ts"
export { SessionLine } from "./session.ts"
export { createDiscreetWriter, createWriter, type Writer } from "./write.ts"
