import type { Answer } from "@nexhina/transcript"
import { type HttpHandler, http } from "msw"
import { type FetchOptions, toFetch } from "./fetch.ts"
import { basePath } from "./route.ts"

/** MSW handlers that answer every request below a base URL, which ends where the API's paths begin. */
export function toMsw(answer: Answer, baseUrl: string, options: FetchOptions = {}): HttpHandler[] {
  const base = new URL(baseUrl).href.replace(/\/$/, "")
  const fetch = toFetch((ask) => {
    const below = ask.target.slice(new URL(base).pathname.replace(/\/$/, "").length)
    return answer({ ...ask, target: basePath + below })
  }, options)
  return [http.all(`${base}/*`, ({ request }) => fetch(request))]
}
