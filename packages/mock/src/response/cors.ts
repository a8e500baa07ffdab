import type { Header, Reply } from "@nexhina/wire"
import { type KnownHeaders, readable } from "../request/headers.ts"

/** Sent with every reply, so that any web page can call the mock, and read the request id and what the mock left undone. */
export const corsHeaders: readonly Header[] = [
  ["access-control-allow-origin", "*"],
  ["access-control-expose-headers", "x-request-id, retry-after, x-mock-miss, x-mock-inactive"],
]

/** Returns the reply to a CORS preflight, which browsers send before requests with `authorization`. */
export function preflight(
  allow: readonly string[],
  headers: KnownHeaders,
  standard: readonly Header[],
): Reply {
  const allowed = allow.join(", ")
  const requested = readable(headers["access-control-request-headers"])
  return {
    status: 204,
    headers: [
      ["allow", allowed],
      ["access-control-allow-methods", allowed],
      ["access-control-allow-headers", requested ?? "authorization, content-type"],
      ["access-control-max-age", "600"],
      ...standard,
    ],
    body: "",
    end: "complete",
  }
}
