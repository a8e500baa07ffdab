import { type HttpHandler, http } from "msw"
import { mediaPath } from "../media/media.ts"
import type { Mock } from "../mock.ts"
import { basePath } from "../request/route.ts"
import { branching } from "./branching-body.ts"
import { type FetchOptions, toFetch } from "./fetch.ts"

/** Creates handlers like `toMsw`. While `isOpen` returns false, they leave requests to other handlers. */
export function handlersWhile(
  isOpen: () => boolean,
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
    http.all(`${origin}${mediaPath}*`, ({ request }) =>
      isOpen() ? serve(request).then(branching, networkError) : undefined,
    ),
    http.all(`${origin}${prefix}/*`, ({ request }) =>
      isOpen() ? respond(request).then(branching, networkError) : undefined,
    ),
  ]
}

/** Turns the rejection of a reply without status and headers into the response that MSW makes a network error of. */
function networkError(error: unknown): Response {
  if (error instanceof TypeError) return Response.error()
  throw error
}
