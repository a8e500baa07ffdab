import { createHash } from "node:crypto"
import { defects, variants } from "@nexhina/defects"
import { createMock } from "@nexhina/mock"
import type { ProfileName } from "@nexhina/schemas"
import { expect, test } from "vitest"
import { digestRequests } from "./digest-requests.ts"
import { operationsFile } from "./operations.ts"
import { digestOptions, digestsOf, under } from "./reply-digests.ts"

/*
 * The bytes that the mock sends, as digests. A refactoring leaves them as they are; a change that means to alter them
 * updates the file with `-u`, and its commit says why. A second file lists the operations whose replies each defect and
 * variant changes, for the pages.
 */

const createDigestMock = (profile: ProfileName) =>
  createMock({ ...digestOptions, profile, alterations: [...defects, ...variants] })

/** Declares the test of the mock's bytes under a profile. */
export function recordDigests(profile: ProfileName): void {
  test(`the mock's bytes under ${profile}`, async () => {
    const mock = createDigestMock(profile)
    const plain = await digestsOf(mock, digestRequests)
    const operations: string[] = []
    const lines = digestRequests.map(({ name }, index) => `${name}: ${plain[index]}`)
    for (const [kind, catalogue] of [
      ["defect", defects],
      ["variant", variants],
    ] as const) {
      for (const { id } of catalogue) {
        // One mock for all, because its generated media files are cached.
        await mock.reset()
        const altered = await digestsOf(mock, under(id, kind))
        const different = digestRequests
          .map(({ name, operation }, index) => ({ name, operation, digest: altered[index] ?? "", index }))
          .filter(({ digest, index }) => digest !== plain[index])
        const changed = different.map(({ name, digest }) => `${name}: ${digest}`)
        const of = [...new Set(different.map(({ operation = null }) => operation))]
        operations.push(`  ${JSON.stringify(id)}: ${JSON.stringify(of)}`)
        const all = createHash("sha256").update(changed.join("\n")).digest("base64url").slice(0, 16)
        lines.push(`${kind} ${id}: ${changed.length} replies changed, ${all}`)
      }
    }
    await mock.close()
    await expect(`{\n${operations.join(",\n")}\n}\n`).toMatchFileSnapshot(operationsFile(profile))
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`./digests/${profile}.txt`)
  })
}
