export type { Alteration, NamedAlteration, Situation } from "./alteration.ts"
export {
  bodyOf,
  type Exchange,
  type ExchangeEnd,
  type Fidelity,
  type Intent,
  type ReceivedChunk,
  type Redaction,
  type RequestFault,
} from "./exchange.ts"
export { type Answer, type Ask, type Header, headerOf, type Reply, type ReplyEnd } from "./reply.ts"
