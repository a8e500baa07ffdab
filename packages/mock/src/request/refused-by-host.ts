import type { MockRequest } from "@nexhina/wire"
import { Refusal } from "../refusal.ts"

/** Returns the refusal of a request that its host could not read as a whole; undefined when it could. */
export function refusedByHost({ fault, exceededBytes }: MockRequest): Refusal | undefined {
  if (fault !== undefined) {
    const { status, message, retryAfterSeconds } = fault
    const headers =
      retryAfterSeconds === undefined ? [] : [["retry-after", String(retryAfterSeconds)] as const]
    return new Refusal(status, { message, headers })
  }
  if (exceededBytes === undefined) return undefined
  const limit = Number((exceededBytes / 2 ** 20).toPrecision(3))
  return new Refusal(413, { message: `The request body is larger than the limit of ${limit} MiB.` })
}
