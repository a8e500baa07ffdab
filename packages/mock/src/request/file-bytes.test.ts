import fc from "fast-check"
import { afterEach, expect, test, vi } from "vitest"
import { fileBytes } from "./file-bytes.ts"

afterEach(() => {
  vi.unstubAllGlobals()
})

test("the bytes of a file of node are those that it was made from", () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array()), async (parts) => {
      const file = new File(
        parts.map((part) => new Uint8Array(part)),
        "any",
      )
      expect([...(await fileBytes(file))]).toEqual(parts.flatMap((part) => [...part]))
    }),
  ))

/** The parts of jsdom's `FileReader` and `File` that are used: only the reader can read the file. */
class JsdomReader {
  result: ArrayBuffer | undefined
  error: unknown
  onload = (): void => {}
  onerror = (): void => {}
  readAsArrayBuffer({ bytes }: { readonly bytes: Uint8Array<ArrayBuffer> | undefined }): void {
    queueMicrotask(() => {
      if (bytes === undefined) {
        this.error = new Error("It cannot be read.")
        return this.onerror()
      }
      this.result = bytes.buffer
      this.onload()
    })
  }
}

test("a file of jsdom, which has neither `stream` nor `arrayBuffer`, is read by a `FileReader`", async () => {
  vi.stubGlobal("FileReader", JsdomReader)
  const file = (bytes: Uint8Array | undefined) => ({ name: "any", bytes }) as unknown as File
  expect(await fileBytes(file(new Uint8Array([1, 2])))).toEqual(new Uint8Array([1, 2]))
  await expect(fileBytes(file(undefined))).rejects.toThrow("It cannot be read.")
})
