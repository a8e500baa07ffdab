import type { OperationId } from "@nexhina/schemas"
import { decodedBody, headerOf } from "@nexhina/wire"
import type { Evidence } from "../evidence.ts"

/** A text read as JSON, or why it is none. */
export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string }

/** An exchange that has a response, read as far as HTTP and JSON go. */
export interface ParsedReply {
  readonly exchange: Evidence
  readonly operation: OperationId | undefined
  readonly status: number
  /** Lower case, without parameters; empty when there is no content-type. */
  readonly mediaType: string
  /** Without its content codings: nobody asks for one, and some servers use one all the same. */
  readonly body: Uint8Array
  /** The body as UTF-8; `undefined` when it is no valid UTF-8. A byte order mark is kept. */
  readonly text: string | undefined
  readonly json: Parsed
  /** The request's body as JSON; `undefined` when it is none. */
  readonly request: unknown
  /** Whether the request asked for a stream. */
  readonly streaming: boolean
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

export function parseJson(text: string | undefined): Parsed {
  if (text === undefined) return { ok: false, error: "not valid UTF-8" }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, error: (error as SyntaxError).message }
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The most that a compressed body may hold: four times what is read of any body. */
const maxDecodedBytes = 64 * 1024 * 1024

/** Reads an exchange once for all views; `undefined` when no status line came, or in a coding unknown here. */
export function answeredOf(exchange: Evidence): ParsedReply | undefined {
  const { response } = exchange
  if (!response) return undefined
  const { bytes: body, fault } = decodedBody(exchange, { maxBytes: maxDecodedBytes })
  if (fault === "unsupported") return undefined
  const text = textOf(body)
  const sent = parseJson(textOf(exchange.request.body))
  const request = sent.ok ? sent.value : undefined
  return {
    exchange,
    operation: exchange.operation.value,
    status: response.status,
    mediaType:
      (headerOf(response.headers, "content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "",
    body,
    text,
    json: parseJson(text),
    request,
    streaming: isObject(request) && request["stream"] === true,
  }
}
