import { createMock, type Mock, type MockOptions } from "@nexhina/mock"
import { type Header, headerOf, type MockRequest, type Reply } from "@nexhina/wire"

/** A request to an imitation of a real server. */
export interface Asked {
  readonly method: string
  /** The path below `/v1`, without a query. */
  readonly path: string
  /** The JSON body; an empty object when it is none. */
  readonly body: Readonly<Record<string, unknown>>
  /** Whether the body is a JSON object. */
  readonly isJson: boolean
  /** The bearer key, if there is one. */
  readonly key: string | undefined
}

/** Answers a request itself, or lets the mock answer it, with another body if it says so. */
export type Layer = (asked: Asked, answer: (body?: object) => Promise<Reply>) => Promise<Reply>

/** The reply without the mock's request id, which is the same for requests that a layer makes the same. */
const withoutRequestId = ({ headers, ...reply }: Reply): Reply => ({
  ...reply,
  headers: headers.filter(([name]) => name.toLowerCase() !== "x-request-id"),
})

/** Creates a mock behind a layer that makes it answer like a real server. */
export function behind(layer: Layer, options: MockOptions = {}): Mock {
  const mock = createMock({ profile: "openai", callTools: true, ...options })
  return {
    ...mock,
    handle(request) {
      const answer = async (body?: object) =>
        withoutRequestId(await mock.handle(body ? withBody(request, body) : request))
      return layer(askedBy(request), answer)
    },
  }
}

/** Returns the request with a JSON body instead of its own, whatever kind that is. */
function withBody(request: MockRequest, body: object): MockRequest {
  const others = request.headers.filter(([name]) => !/^content-(?:type|length)$/i.test(name))
  return {
    ...request,
    headers: [...others, ["content-type", "application/json"]],
    body: Buffer.from(JSON.stringify(body)),
  }
}

function askedBy({ method, target, headers, body }: MockRequest): Asked {
  const path = target.split("?", 1)[0] ?? ""
  return {
    method,
    path: path.replace(/^\/v1/, ""),
    body: jsonOf(body) ?? {},
    isJson: jsonOf(body) !== undefined,
    key: /^bearer (.+)$/i.exec(headerOf(headers, "authorization") ?? "")?.[1],
  }
}

function jsonOf(bytes: Uint8Array): Asked["body"] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** The message of the mock's error, where the reply is one. */
export function errorOf({ status, body }: Reply): string | undefined {
  const { error } = (typeof body === "string" && jsonOf(Buffer.from(body))) || {}
  const { message } = (typeof error === "object" && error !== null ? error : {}) as {
    readonly message?: string
  }
  return status >= 400 ? (message ?? "") : undefined
}

/** A whole JSON reply. */
export const json = (status: number, value: unknown, headers: readonly Header[] = []): Reply => ({
  status,
  headers: [["content-type", "application/json"], ...headers],
  body: JSON.stringify(value),
  end: "complete",
})

/** Changes the body of a whole JSON reply; others, such as streams, stay as they are. */
export async function changed(
  reply: Promise<Reply>,
  change: (value: Asked["body"]) => object,
): Promise<Reply> {
  const { body, ...others } = await reply
  return typeof body === "string" && body.startsWith("{")
    ? { ...others, body: JSON.stringify(change(jsonOf(Buffer.from(body)) ?? {})) }
    : { ...others, body }
}

/** The entries of a models list. */
export const modelsIn = ({ data }: Asked["body"]): readonly { readonly id: string }[] =>
  Array.isArray(data) ? data : []
