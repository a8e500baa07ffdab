import { createHash } from "node:crypto"
import { defects, variants } from "@nexhina/defects"
import { createMock, type Mock } from "@nexhina/mock"
import { type ProfileName, profiles } from "@nexhina/schemas"
import type { Reply } from "@nexhina/wire"
import { expect, test } from "vitest"
import { type DigestRequest, digestRequests } from "./digest-requests.ts"

/*
 * The bytes that the mock sends, as digests. A refactoring leaves them as they are; a change that means to alter them
 * updates the file with `-u`, and its commit says why.
 */

/** Frames of one reply that are read: an endless stream is cut after as many. */
const maxFrames = 64
const apiKey = "sk-digest"

async function digestOf(reply: Reply): Promise<string> {
  const hash = createHash("sha256")
  hash.update(JSON.stringify([reply.status, reply.headers, reply.end]))
  const { body } = reply
  if (typeof body === "string" || body instanceof Uint8Array) hash.update(body)
  else {
    let count = 0
    for await (const { bytes, ...delay } of body) {
      hash.update(bytes)
      if (Object.keys(delay).length > 0) hash.update(JSON.stringify(delay))
      if (++count === maxFrames) break
    }
  }
  return hash.digest("base64url").slice(0, 16)
}

async function digestsOf(mock: Mock, requests: readonly DigestRequest[]): Promise<string[]> {
  const digests: string[] = []
  for (const { ask } of requests) digests.push(await digestOf(await mock.handle(ask)))
  return digests
}

const createDigestMock = (profile: ProfileName) =>
  createMock({ profile, keys: [apiKey], alterations: [...defects, ...variants] })

const under = (id: string, kind: "defect" | "variant"): DigestRequest[] =>
  digestRequests.map(({ name, ask }) => ({
    name,
    ask: { ...ask, headers: [...ask.headers, [`x-mock-${kind}`, id]] },
  }))

test.each(Object.keys(profiles) as ProfileName[])("the mock's bytes under %s", async (profile) => {
  const mock = createDigestMock(profile)
  const plain = await digestsOf(mock, digestRequests)
  const lines = digestRequests.map(({ name }, index) => `${name}: ${plain[index]}`)
  for (const [kind, catalogue] of [
    ["defect", defects],
    ["variant", variants],
  ] as const) {
    for (const { id } of catalogue) {
      // One mock for all, because its generated media files are cached.
      await mock.reset()
      const altered = await digestsOf(mock, under(id, kind))
      const changed = digestRequests.flatMap(({ name }, index) =>
        altered[index] === plain[index] ? [] : [`${name}: ${altered[index]}`],
      )
      const all = createHash("sha256").update(changed.join("\n")).digest("base64url").slice(0, 16)
      lines.push(`${kind} ${id}: ${changed.length} replies changed, ${all}`)
    }
  }
  await mock.close()
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`./digests/${profile}.txt`)
})
