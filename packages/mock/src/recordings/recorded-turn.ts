import { type OperationId, profiles } from "@nexhina/schemas"
import {
  assembleChat,
  assembleResponse,
  canonicalChat,
  canonicalResponse,
  type DecodedStream,
  decode,
  isComplete,
  readChatStream,
  readResponseStream,
} from "@nexhina/stream"
import { decodedBody, type Exchange, headerOf } from "@nexhina/wire"
import { basePath, createRouter } from "../request/route.ts"
import { matchedRequest, pathsOf } from "./matched-request.ts"

/** What was asked and answered in a recorded exchange, as values and without the wire format. */
export interface RecordedTurn {
  readonly operationId: OperationId
  /** JSON value of the request body without volatile members; `null` if the request has no JSON body. */
  readonly request: unknown
  readonly status: number
  /** JSON value of the reply; for a stream of a chat completion or a response, its assembled whole. Text otherwise. */
  readonly reply: unknown
  /** Whether the reply is whole: its connection, and a stream also by its own account, ended as they should. */
  readonly complete: boolean
}

/** Maximum size of a decompressed reply, in bytes. */
const maxBytes = 64 * 2 ** 20

const route = createRouter(profiles.nexhina)

/**
 * Returns the values of a recorded exchange, from which a scenario can be written. Returns undefined for an operation
 * that the contract lacks, for files, for bodies that cannot be decompressed, and for streams of other operations.
 */
export function recordedTurn(exchange: Exchange): RecordedTurn | undefined {
  const { method, path, body: request } = matchedRequest(exchange.request)
  const routes = pathsOf(path).map((below) => route(method, basePath + below))
  const matched = routes.find(({ kind }) => kind === "operation")
  if (matched?.kind !== "operation" || !exchange.response) return undefined
  const { bytes, fault } = decodedBody(exchange, { maxBytes })
  if (fault && fault !== "truncated") return undefined
  const { status, headers } = exchange.response
  const type = headerOf(headers, "content-type") ?? ""
  const endedCleanly = exchange.end.kind === "complete" && fault === undefined
  const read = /^text\/event-stream/i.test(type)
    ? readStream(matched.operationId, decode(bytes), endedCleanly)
    : readWhole(type, bytes, endedCleanly)
  return read && { operationId: matched.operationId, request, status, ...read }
}

type Read = Pick<RecordedTurn, "reply" | "complete"> | undefined

function readStream(operationId: OperationId, decoded: DecodedStream, endedCleanly: boolean): Read {
  if (operationId === "createChatCompletion") {
    const stream = readChatStream(decoded)
    const reply = assembleChat(stream.chunks)
    return reply && { reply: canonicalChat(reply), complete: isComplete(stream, endedCleanly) }
  }
  if (operationId === "createResponse") {
    const stream = readResponseStream(decoded)
    const assembled = assembleResponse(stream.items)
    if (!assembled) return undefined
    const complete = assembled.end !== undefined && isComplete(stream, endedCleanly)
    return { reply: canonicalResponse(assembled.final ?? assembled.response), complete }
  }
  return undefined
}

function readWhole(type: string, bytes: Uint8Array, complete: boolean): Read {
  const isText = /^text\//i.test(type)
  if (!isText && !/^application\/json/i.test(type)) return undefined
  const text = new TextDecoder().decode(bytes)
  if (isText) return { reply: text, complete }
  try {
    return { reply: JSON.parse(text), complete }
  } catch {
    return { reply: text, complete: false }
  }
}
