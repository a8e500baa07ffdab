import { createHash } from "node:crypto"
import type { Mock } from "@nexhina/mock"
import type { NamedAlteration, Reply } from "@nexhina/wire"
import { type DigestRequest, digestRequests } from "./digest-requests.ts"

/** Options of the mocks that reply to the digest requests. */
export const digestOptions = { keys: ["sk-digest"], strictModels: true, callTools: true } as const

/** The maximum number of bytes that are read of one reply: an endless stream is cut there, however it is framed. */
const maxBytes = 2 ** 17

/** Returns the digest of a reply, without the header that names what does not act. */
export async function digestOf(reply: Reply): Promise<string> {
  const hash = createHash("sha256")
  // A defect that does not act adds this header to a reply that it leaves as it was.
  const headers = reply.headers.filter(([name]) => name !== "x-mock-inactive")
  hash.update(JSON.stringify([reply.status, headers, reply.end]))
  const { body } = reply
  if (typeof body === "string" || body instanceof Uint8Array) hash.update(body)
  else {
    let left = maxBytes
    for await (const { bytes, ...delay } of body) {
      hash.update(bytes.subarray(0, left))
      if (Object.keys(delay).length > 0) hash.update(JSON.stringify(delay))
      left -= bytes.length
      if (left <= 0) break
    }
  }
  return hash.digest("base64url").slice(0, 16)
}

/** Returns a digest of each reply of the mock, in order. */
export async function digestsOf(mock: Mock, requests: readonly DigestRequest[]): Promise<string[]> {
  const digests: string[] = []
  for (const { ask } of requests) digests.push(await digestOf(await mock.handle(ask)))
  return digests
}

/** Returns the digest requests with the header that selects a defect or a variant. */
export const under = (id: string, kind: "defect" | "variant"): DigestRequest[] =>
  digestRequests.map(({ ask, ...request }) => ({
    ...request,
    ask: { ...ask, headers: [...ask.headers, [`x-mock-${kind}`, id]] },
  }))

/** Returns an alteration that acts for the requests that select it as a standing one does. */
export const confined = ({ wider: _, ...alteration }: NamedAlteration): NamedAlteration => alteration
