import type { HttpHandler } from "msw"
import type { Mock } from "../mock.ts"
import type { FetchOptions } from "./fetch.ts"
import { handlersWhile } from "./msw-handlers.ts"

/**
 * Creates MSW handlers for every request below a base URL, such as `https://gateway.example/v1`, and for the media
 * files to which replies link. Under msw 3 a body that is cut ends without an error.
 */
export function toMsw(
  mock: Pick<Mock, "handle">,
  baseUrl: string,
  options: FetchOptions = {},
): HttpHandler[] {
  return handlersWhile(() => true, mock, baseUrl, options)
}
