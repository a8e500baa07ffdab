import type { Answer } from "@nexhina/wire"
import { type HttpHandler, http } from "msw"
import { mediaPath } from "../media/media.ts"
import { basePath } from "../request/route.ts"
import { type FetchOptions, toFetch } from "./fetch.ts"

/**
 * MSW handlers that answer every request below a base URL, which ends where the API's paths begin, and those for the
 * files that replies name by URL.
 */
export function toMsw(answer: Answer, baseUrl: string, options: FetchOptions = {}): HttpHandler[] {
  const { origin, pathname } = new URL(baseUrl)
  const prefix = pathname.replace(/\/$/, "")
  const respond = toFetch(
    (ask) => answer({ ...ask, target: origin + basePath + ask.target.slice(origin.length + prefix.length) }),
    options,
  )
  const serve = toFetch(answer, options)
  return [
    http.all(`${origin}${mediaPath}*`, ({ request }) => serve(request)),
    http.all(`${origin}${prefix}/*`, ({ request }) => respond(request)),
  ]
}
