import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { sampleReport } from "../../test/sample-report.ts"
import { bundleSource, openBundle } from "./bundle-file.ts"

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-file-"))
})
afterAll(() => rm(folder, { recursive: true }))

test("a bundle is read up to the limit of a run, however small it is when compressed", async () => {
  const path = join(folder, "evidence.zip")
  const bundle = openBundle(path)
  const transcript = Buffer.alloc(3_000_000, "{}\n")
  await writeFile(bundle.transcript, transcript)
  expect(await bundle.write(sampleReport([]), bundle.transcript)).toBeUndefined()
  bundle.discard()
  const read = async (maxBytes?: number) => {
    const pieces: Uint8Array[] = []
    for await (const piece of (await bundleSource(path, maxBytes)).bytes()) pieces.push(piece)
    return Buffer.concat(pieces)
  }
  expect((await read()).equals(transcript)).toBe(true)
  expect((await read(transcript.length)).equals(transcript)).toBe(true)
  await expect(read(transcript.length - 1)).rejects.toThrow(
    `'${path}' was not written by this kit: its transcript is longer than 2999999 bytes, the limit of a run`,
  )
})
