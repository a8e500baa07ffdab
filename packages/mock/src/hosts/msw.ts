import { type HttpHandler, http } from "msw"
import { mediaPath } from "../media/media.ts"
import type { Mock } from "../mock.ts"
import { basePath } from "../request/route.ts"
import { branching } from "./branching-body.ts"
import { type FetchOptions, toFetch } from "./fetch.ts"

/**
 * Creates MSW handlers for every request below a base URL, such as `https://gateway.example/v1`, and for the media
 * files to which replies link. Under msw 3 a body that is cut ends without an error.
 */
export function toMsw(
  mock: Pick<Mock, "handle">,
  baseUrl: string,
  options: FetchOptions = {},
): HttpHandler[] {
  const { origin, pathname } = new URL(baseUrl)
  const prefix = pathname.replace(/\/$/, "")
  const respond = toFetch(
    {
      handle: (request) =>
        mock.handle({
          ...request,
          target: origin + basePath + request.target.slice(origin.length + prefix.length),
        }),
    },
    options,
  )
  const serve = toFetch(mock, options)
  return [
    http.all(`${origin}${mediaPath}*`, ({ request }) => serve(request).then(branching, networkError)),
    http.all(`${origin}${prefix}/*`, ({ request }) => respond(request).then(branching, networkError)),
  ]
}

/** Turns the rejection of a reply without status and headers into the response that MSW makes a network error of. */
function networkError(error: unknown): Response {
  if (error instanceof TypeError) return Response.error()
  throw error
}
