import { concatBytes } from "./concat-bytes.ts"

/** Returns the bytes of a file. `File.arrayBuffer` of node copies what it has read, even if that is one chunk. */
export async function fileBytes(file: File): Promise<Uint8Array<ArrayBuffer>> {
  if (!("stream" in file)) return readByEvents(file)
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for await (const chunk of file.stream()) chunks.push(chunk)
  return chunks.length === 1 && chunks[0] ? chunks[0] : concatBytes(chunks)
}

/** The part of a browser's `FileReader` that is used here; node has none. */
interface EventReader {
  readonly result: ArrayBuffer
  readonly error: unknown
  onload: () => void
  onerror: () => void
  readAsArrayBuffer(file: File): void
}

/** Reads a `File` of jsdom, which tests may have put in the place of node's: it has neither `stream` nor `arrayBuffer`. */
function readByEvents(file: File): Promise<Uint8Array<ArrayBuffer>> {
  const { FileReader } = globalThis as unknown as { readonly FileReader: new () => EventReader }
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(new Uint8Array(reader.result))
    reader.onerror = () => reject(reader.error)
    reader.readAsArrayBuffer(file)
  })
}
