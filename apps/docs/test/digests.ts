import { createHash } from "node:crypto"
import { defects, variants } from "@nexhina/defects"
import { createMock, type Mock } from "@nexhina/mock"
import type { ProfileName } from "@nexhina/schemas"
import type { NamedAlteration } from "@nexhina/wire"
import { expect, test } from "vitest"
import { digestRequests } from "./digest-requests.ts"
import { operationsFile } from "./operations.ts"
import { confined, digestOptions, digestsOf, under } from "./reply-digests.ts"

/*
 * The bytes that the mock sends, as digests. A refactoring leaves them as they are; a change that means to alter them
 * updates the file with `-u`, and its commit says why. Each defect and variant acts as a standing one; if it acts on more
 * when a request selects it, a second line has the replies that it changes then. A second file lists the operations whose
 * replies the standing ones change, for the pages and the scoreboard.
 */

const catalogue = [...defects, ...variants]

const createDigestMock = (profile: ProfileName, alterations: readonly NamedAlteration[]) =>
  createMock({ ...digestOptions, profile, alterations })

/** Declares the test of the mock's bytes under a profile. */
export function recordDigests(profile: ProfileName): void {
  test(`the mock's bytes under ${profile}`, async () => {
    const mock = createDigestMock(profile, catalogue.map(confined))
    const selecting = createDigestMock(profile, catalogue)
    const plain = await digestsOf(mock, digestRequests)
    const changedUnder = async (mock: Mock, { id, kind }: (typeof catalogue)[number]) => {
      // One mock for all, because its generated media files are cached.
      await mock.reset()
      const altered = await digestsOf(mock, under(id, kind))
      return digestRequests
        .map(({ name, operation }, index) => ({ name, operation, digest: altered[index] ?? "", index }))
        .filter(({ digest, index }) => digest !== plain[index])
    }
    const summary = (changed: readonly { readonly name: string; readonly digest: string }[]) => {
      const text = changed.map(({ name, digest }) => `${name}: ${digest}`).join("\n")
      return `${changed.length} replies changed, ${createHash("sha256").update(text).digest("base64url").slice(0, 16)}`
    }
    const operations: string[] = []
    const lines = digestRequests.map(({ name }, index) => `${name}: ${plain[index]}`)
    for (const alteration of catalogue) {
      const { id, kind, wider } = alteration
      const changed = await changedUnder(mock, alteration)
      const of = [...new Set(changed.map(({ operation = null }) => operation))]
      operations.push(`  ${JSON.stringify(id)}: ${JSON.stringify(of)}`)
      lines.push(`${kind} ${id}: ${summary(changed)}`)
      if (wider) lines.push(`${kind} ${id}, selected: ${summary(await changedUnder(selecting, alteration))}`)
    }
    await mock.close()
    await selecting.close()
    await expect(`{\n${operations.join(",\n")}\n}\n`).toMatchFileSnapshot(operationsFile(profile))
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`./digests/${profile}.txt`)
  })
}
