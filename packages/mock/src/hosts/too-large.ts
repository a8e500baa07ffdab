import { profiles } from "@nexhina/schemas"
import type { Ask, Reply } from "@nexhina/wire"
import { digest } from "../content/random.ts"
import { envelope, Refusal } from "../refusal.ts"
import { readHeaders, requestId } from "../request/headers.ts"
import { corsHeaders } from "../response/encode.ts"

/** The longest request body that hosts take unless told otherwise: 32 MiB (chosen). */
export const defaultMaxBodyBytes = 32 * 2 ** 20

/** What a host answers to a body of more than `maxBodyBytes`, which the engine never sees. */
export function tooLarge(maxBodyBytes: number, { method, target, headers }: Omit<Ask, "body">): Reply {
  const limit = Number((maxBodyBytes / 2 ** 20).toPrecision(3))
  const refusal = new Refusal(413, {
    message: `The request body is larger than ${limit} MiB, the limit here.`,
  })
  return {
    status: 413,
    headers: [
      ["content-type", "application/json"],
      ["x-request-id", requestId(readHeaders(headers), digest(`${method} ${target}`))],
      ...corsHeaders,
    ],
    body: JSON.stringify(envelope(refusal, profiles.nexhina)),
    end: "complete",
  }
}
