import type { Exchange, Header, MockRequest } from "@nexhina/wire"
import type { Mock } from "../src/mock.ts"

/** A recorded exchange with some of its parts. */
export interface RecordedParts {
  readonly method?: string
  readonly target?: string
  readonly headers?: readonly Header[]
  readonly body?: unknown
  readonly status?: number
  readonly replyHeaders?: readonly Header[]
  /** Texts or bytes, each with the time of its arrival. */
  readonly chunks?: readonly (readonly [atMs: number, text: string | Uint8Array])[]
  readonly end?: Exchange["end"]
}

const utf8 = new TextEncoder()
const bytesOf = (value: unknown) =>
  value instanceof Uint8Array
    ? value
    : value === undefined
      ? new Uint8Array()
      : utf8.encode(typeof value === "string" ? value : JSON.stringify(value))

const chat = "https://api.example/v1/chat/completions"

export function recordedExchange(parts: RecordedParts = {}): Exchange {
  const { method = "POST", target = chat, headers = [], body, status = 200, replyHeaders = [] } = parts
  const { chunks = [[1, "ok"]], end = { kind: "complete", atMs: 2 } } = parts
  return {
    v: 1,
    id: "1",
    request: { method, target, headers, body: bytesOf(body), sentAtMs: 0 },
    response: {
      status,
      headers: replyHeaders,
      trailers: [],
      chunks: chunks.map(([atMs, bytes]) => ({ atMs, bytes: bytesOf(bytes) })),
    },
    end,
    fidelity: { bytes: true, timing: true },
  }
}

/** The request of a client to a replay. */
export function asked({
  method = "POST",
  target = chat,
  headers = [],
  body,
}: RecordedParts = {}): MockRequest {
  const { pathname, search } = new URL(target)
  return { method, target: pathname + search, headers, body: bytesOf(body) }
}

/** Asks a mock, and returns the exchange as a recorder writes it whose upstream has the base URL. */
export async function recordedFrom(
  mock: Pick<Mock, "handle">,
  base: string,
  path: string,
  { body, end }: { readonly body: object; readonly end?: Exchange["end"] },
): Promise<Exchange> {
  const target = base + path
  const { request } = recordedExchange({ target, body })
  const reply = await mock.handle({
    method: "POST",
    target: `/v1${path}`,
    headers: [
      ["authorization", "Bearer k"],
      ["content-type", "application/json"],
    ],
    body: request.body,
  })
  const chunks: [number, string | Uint8Array][] = []
  if (typeof reply.body === "string" || reply.body instanceof Uint8Array) chunks.push([1, reply.body])
  else for await (const { bytes } of reply.body) chunks.push([1, bytes])
  const { status, headers: replyHeaders } = reply
  return recordedExchange({ target, body, status, replyHeaders, chunks, ...(end && { end }) })
}
