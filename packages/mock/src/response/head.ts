import type { Reply } from "@nexhina/wire"

const utf8 = new TextEncoder()

/** Returns the reply to HEAD: without the body, with the length that it would have unless it is a stream. */
export function withoutBody(reply: Reply): Reply {
  const { body } = reply
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return { ...reply, body: "" }
  const length = typeof body === "string" ? utf8.encode(body).length : body.length
  return { ...reply, headers: [...reply.headers, ["content-length", String(length)]], body: "" }
}
