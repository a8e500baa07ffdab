import type { OperationId } from "@nexhina/schemas"
import { decode } from "@nexhina/stream"
import type { Exchange } from "@nexhina/wire"
import { type Evidence, evidenceOf } from "../evidence.ts"
import { isObject } from "../reading/answered.ts"

/** Returns the operation that sends such events; `undefined` when they are of no streamed operation. */
function operationOfEvents(body: Uint8Array): OperationId | undefined {
  for (const { data } of decode(body).events) {
    let value: unknown
    try {
      value = JSON.parse(data)
    } catch {
      continue
    }
    if (!isObject(value)) continue
    const { object, type, choices } = value
    if (object === "chat.completion.chunk" || Array.isArray(choices)) return "createChatCompletion"
    if (typeof type === "string" && type.startsWith("response.")) return "createResponse"
  }
  return undefined
}

/** The paths that the operations have in messages. */
const paths: Partial<Readonly<Record<OperationId, string>>> = {
  createChatCompletion: "/v1/chat/completions",
  createResponse: "/v1/responses",
}

/**
 * Returns the body of a streamed reply as evidence. Of its request nothing is known except that it asked for a stream;
 * the head of the reply is assumed, and how it ended is not known. Returns `undefined` for a stream of another API.
 */
export function eventStreamEvidence(body: Uint8Array, id: string): Evidence | undefined {
  const operation = operationOfEvents(body)
  if (operation === undefined) return undefined
  const exchange: Exchange = {
    v: 1,
    id,
    request: {
      method: "POST",
      target: `file:${paths[operation]}`,
      headers: [["content-type", "application/json"]],
      body: new TextEncoder().encode('{"stream":true}'),
      sentAtMs: 0,
    },
    response: {
      status: 200,
      headers: [["content-type", "text/event-stream"]],
      trailers: [],
      chunks: [{ atMs: 0, bytes: body }],
    },
    end: { kind: "complete", atMs: 0 },
    fidelity: { bytes: true, timing: false },
  }
  return {
    ...evidenceOf(exchange),
    operation: { basis: "inferred", value: operation },
    isRequestKnown: false,
    isHeadKnown: false,
  }
}
