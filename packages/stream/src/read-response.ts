import { ChatCompletionChunk, ErrorObject, ErrorResponse, ResponseStreamEvent } from "@nexhina/schemas"
import { createDecoder } from "./decode.ts"
import type { DecodedEvent } from "./fields.ts"
import { readPayload } from "./payload.ts"
import { isResponseEnd } from "./responses.ts"

/**
 * The reason for a `StreamError`:
 * - `refused`: the status of the response is not 2xx;
 * - `not-a-stream`: the content type of the response is not `text/event-stream`;
 * - `failed`: the server reported an error in the stream;
 * - `malformed`: an event does not match its schema, or is larger than 16 MiB;
 * - `truncated`: the stream stopped before its end, so that the items received are incomplete.
 */
export type StreamErrorKind = "refused" | "not-a-stream" | "failed" | "malformed" | "truncated"

/** The details of a `StreamError`. */
export interface StreamErrorOptions {
  readonly status: number
  readonly error?: ErrorObject | undefined
  readonly cause?: unknown
}

/** Thrown by `chatChunks` and `responseEvents` when a stream is not complete and valid. */
export class StreamError extends Error {
  readonly kind: StreamErrorKind
  /** The HTTP status of the response. */
  readonly status: number
  /** The error object that the server sent, in the response body or in the stream. */
  readonly error?: ErrorObject

  constructor(kind: StreamErrorKind, message: string, { status, error, cause }: StreamErrorOptions) {
    super(message, { cause })
    this.name = "StreamError"
    this.kind = kind
    this.status = status
    if (error) this.error = error
  }
}

/**
 * Yields the chunks of a streamed chat completion, each parsed with its schema, up to `[DONE]`. Throws a `StreamError`
 * when the stream is not complete and valid. Leaving the loop early cancels the response.
 */
export async function* chatChunks(response: Response): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const from = { status: response.status }
  for await (const event of dataOf(response)) {
    if (event === "done") return
    yield parse(event, ChatCompletionChunk, "chat completion chunk", from)
  }
  throw truncated("[DONE]", from)
}

/**
 * Yields the events of a streamed response (Responses API), each parsed with its schema. Events of unknown types are
 * yielded unchanged. Throws a `StreamError` when the stream is not complete and valid. `response.failed` and
 * `response.incomplete` end a stream as `response.completed` does; they do not throw. Leaving the loop early cancels
 * the response.
 */
export async function* responseEvents(
  response: Response,
): AsyncGenerator<ResponseStreamEvent, void, undefined> {
  const from = { status: response.status }
  let hasEnded = false
  for await (const data of dataOf(response)) {
    if (data === "done") break
    const event = parse(data, ResponseStreamEvent, "response stream event", from)
    if (event.type === "error") throw failed(event, from)
    hasEnded ||= isResponseEnd(event.type)
    yield event
  }
  if (!hasEnded) throw truncated("an event that ends the response", from)
}

/** The part of a response that every `StreamError` carries. */
interface ResponseStatus {
  readonly status: number
}

/** A JSON value in the stream, and its event. */
interface JsonData {
  readonly json: unknown
  readonly event: DecodedEvent
}

/** Maximum size of an event, and maximum number of bytes between two events (our choice). */
const maxEventBytes = 16 * 2 ** 20

/** Yields the JSON value of each event, and "done" for `[DONE]`, after which it stops. */
async function* dataOf(response: Response): AsyncGenerator<JsonData | "done", void, undefined> {
  const from = { status: response.status }
  await requireStream(response)
  const decoder = createDecoder({ maxEventBytes })
  let bytesSinceEvent = 0
  for await (const bytes of bytesOf(response, from)) {
    bytesSinceEvent += bytes.length
    for (const event of decoder.push(bytes)) {
      bytesSinceEvent = 0
      const payload = readPayload(event)
      switch (payload.kind) {
        case "done":
          yield "done"
          return
        case "error":
          throw failed(payload.error, from)
        case "not-json":
          throw new StreamError("malformed", `${placeOf(event)} is not JSON: ${payload.reason}`, from)
        case "json":
          yield { json: payload.json, event }
      }
    }
    if (bytesSinceEvent > maxEventBytes) {
      throw new StreamError("malformed", `An event does not end within ${maxEventBytes} bytes.`, from)
    }
  }
}

/** Yields the bytes of a body as they arrive. Leaving the loop early cancels the body. */
async function* bytesOf(
  { body }: Response,
  from: ResponseStatus,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } catch (error) {
    // Fetch reports a network error as a TypeError. Anything else, such as the reason of an abort, is the caller's.
    if (!(error instanceof TypeError)) throw error
    throw new StreamError("truncated", "The connection was lost before the stream ended.", {
      ...from,
      cause: error,
    })
  } finally {
    // Cancelling a body that has failed rejects with the same failure.
    await reader.cancel().catch(() => {})
  }
}

async function requireStream(response: Response) {
  const { status, ok } = response
  const type = response.headers.get("content-type")
  if (ok && /^\s*text\/event-stream\s*(;|$)/i.test(type ?? "")) return
  const error = await reportedError(response)
  const detail = error ? `: ${error.message}` : ""
  throw ok
    ? new StreamError(
        "not-a-stream",
        `Expected text/event-stream, got ${type ?? "no content type"}${detail}`,
        {
          status,
          error,
        },
      )
    : new StreamError("refused", `The server answered with status ${status}${detail}`, { status, error })
}

/** Maximum number of characters of a body that are read to find an error object (our choice). */
const maxErrorLength = 2 ** 20

async function reportedError(response: Response): Promise<ErrorObject | undefined> {
  const utf8 = new TextDecoder()
  let text = ""
  for await (const bytes of bytesOf(response, response)) {
    text += utf8.decode(bytes, { stream: true })
    if (text.length > maxErrorLength) return undefined
  }
  try {
    return ErrorResponse.safeParse(JSON.parse(text)).data?.error
  } catch {
    return undefined
  }
}

function failed(error: unknown, { status }: ResponseStatus): StreamError {
  const { data } = ErrorObject.safeParse(error)
  const message = data?.message ?? JSON.stringify(error)
  return new StreamError("failed", `The server reported an error in the stream: ${message}`, {
    status,
    error: data,
  })
}

function truncated(end: string, from: ResponseStatus): StreamError {
  return new StreamError("truncated", `The stream is truncated: it ended without ${end}.`, from)
}

function parse<Item>(
  { json, event }: JsonData,
  schema: { safeParse(value: unknown): ParseResult<Item> },
  name: string,
  from: ResponseStatus,
): Item {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const pointer = issue?.path
    .map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")
  const at = pointer ? ` at ${pointer}` : ""
  throw new StreamError("malformed", `${placeOf(event)} is not a valid ${name}${at}: ${issue?.message}`, from)
}

/** The result of a Zod `safeParse`. */
type ParseResult<Item> =
  | { readonly success: true; readonly data: Item }
  | {
      readonly success: false
      readonly error: {
        readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[]
      }
    }

function placeOf({ offset, line }: DecodedEvent): string {
  return `The event at byte ${offset} (line ${line})`
}
