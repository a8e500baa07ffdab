import { ChatCompletionChunk, ErrorObject, ErrorResponse, ResponseStreamEvent } from "@nexhina/schemas"
import { createDecoder, type DecodedEvent } from "./decode.ts"
import { readPayload } from "./payload.ts"
import { isResponseEnd } from "./responses.ts"

/**
 * What went wrong with a stream:
 * - `refused`: the status says that there is none;
 * - `not-a-stream`: the reply is of another media type;
 * - `failed`: the server reported an error in the stream;
 * - `malformed`: an event is not what the contract says, or has no end;
 * - `truncated`: the stream stopped before its end, so that what came is not all.
 */
export type StreamErrorKind = "refused" | "not-a-stream" | "failed" | "malformed" | "truncated"

/** Why there are no more items. */
export class StreamError extends Error {
  readonly kind: StreamErrorKind
  /** The status of the reply. */
  readonly status: number
  /** What the server reported, in the body of the reply or in the stream. */
  readonly error?: ErrorObject

  constructor(
    kind: StreamErrorKind,
    message: string,
    {
      status,
      error,
      cause,
    }: { readonly status: number; readonly error?: ErrorObject | undefined; readonly cause?: unknown },
  ) {
    super(message, { cause })
    this.name = "StreamError"
    this.kind = kind
    this.status = status
    if (error) this.error = error
  }
}

/**
 * The chunks of a streamed chat completion, each as its schema reads it, up to `[DONE]`. Throws a `StreamError`
 * for anything else than a whole stream. Leaving the loop early cancels the reply.
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
 * The events of a streamed response, each as its schema reads it; those of unknown types are passed on. Throws a
 * `StreamError` for anything else than a whole stream, which has an event that ends the response: a response that
 * failed or is incomplete is a whole one. Leaving the loop early cancels the reply.
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

interface From {
  readonly status: number
}

/** A JSON value in the stream, and the event that carried it. */
interface Data {
  readonly json: unknown
  readonly event: DecodedEvent
}

/** No event is larger, and no more than this comes between two (chosen). */
const mostBytes = 16 * 2 ** 20

async function* dataOf(response: Response): AsyncGenerator<Data | "done", void, undefined> {
  const from = { status: response.status }
  await requireStream(response)
  const decoder = createDecoder({ maxEventBytes: mostBytes })
  let silent = 0
  for await (const bytes of bytesOf(response, from)) {
    silent += bytes.length
    for (const event of decoder.push(bytes)) {
      silent = 0
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
    if (silent > mostBytes) {
      throw new StreamError("malformed", `An event does not end within ${mostBytes} bytes.`, from)
    }
  }
}

/** The bytes of a body as they come. Whoever stops taking them cancels it. */
async function* bytesOf({ body }: Response, from: From): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } catch (error) {
    // The Fetch standard's network error; what an `AbortSignal` threw is the caller's own.
    if (!(error instanceof TypeError)) throw error
    throw new StreamError("truncated", "The connection was lost before the stream ended.", {
      ...from,
      cause: error,
    })
  } finally {
    // Of a body that has already failed it says again that it failed.
    await reader.cancel().catch(() => {})
  }
}

async function requireStream(response: Response) {
  const { status, ok } = response
  const type = response.headers.get("content-type")
  if (ok && /^\s*text\/event-stream\s*(;|$)/i.test(type ?? "")) return
  const error = await reportedError(response)
  const said = error ? `: ${error.message}` : ""
  throw ok
    ? new StreamError("not-a-stream", `Expected text/event-stream, got ${type ?? "no content type"}${said}`, {
        status,
        error,
      })
    : new StreamError("refused", `The server answered with status ${status}${said}`, { status, error })
}

/** No more of a body is read in search of an error (chosen). */
const mostErrorBytes = 2 ** 20

async function reportedError(response: Response): Promise<ErrorObject | undefined> {
  const utf8 = new TextDecoder()
  let text = ""
  for await (const bytes of bytesOf(response, response)) {
    text += utf8.decode(bytes, { stream: true })
    if (text.length > mostErrorBytes) return undefined
  }
  try {
    return ErrorResponse.safeParse(JSON.parse(text)).data?.error
  } catch {
    return undefined
  }
}

function failed(error: unknown, { status }: From): StreamError {
  const { data } = ErrorObject.safeParse(error)
  const said = data?.message ?? JSON.stringify(error)
  return new StreamError("failed", `The server reported an error in the stream: ${said}`, {
    status,
    error: data,
  })
}

function truncated(end: string, from: From): StreamError {
  return new StreamError("truncated", `The stream is truncated: it ended without ${end}.`, from)
}

function parse<Item>(
  { json, event }: Data,
  schema: { safeParse(value: unknown): Parsed<Item> },
  name: string,
  from: From,
): Item {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const pointer = issue?.path
    .map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")
  const at = pointer ? `at ${pointer}` : "as a whole"
  throw new StreamError("malformed", `${placeOf(event)} is no ${name} ${at}: ${issue?.message}`, from)
}

type Parsed<Item> =
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
