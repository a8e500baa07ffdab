import * as fc from "fast-check"
import { expect, test } from "vitest"
import { fileLines } from "./file-lines.ts"

/** Returns the lines that have something, with their numbers. */
async function numbered(pieces: readonly Uint8Array[]) {
  const lines: [number, string | undefined][] = []
  let number = 0
  async function* bytes() {
    yield* pieces
  }
  for await (const { text, blank = 0 } of fileLines(bytes())) {
    number += blank + 1
    if (text?.trim() !== "") lines.push([number, text])
  }
  return lines
}

test("lines have the numbers of the file, wherever it is cut and however many are blank", async () => {
  const line = fc.oneof(fc.constantFrom("", "\r", " "), fc.stringMatching(/^[a-z{}\r]{1,5}$/))
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
      async (given, isEnded, size) => {
        const bytes = new TextEncoder().encode(given.join("\n") + (isEnded ? "\n" : ""))
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        )
        const expected = given.flatMap((text, at) => (text.trim() === "" ? [] : [[at + 1, text]]))
        expect(await numbered(pieces)).toEqual(expected)
      },
    ),
  )
})
