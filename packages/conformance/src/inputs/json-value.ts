import { limits } from "../limits.ts"

const utf8 = new TextDecoder()

/** Returns whether bytes are one value of JSON. */
export function isJsonValue(bytes: Uint8Array): boolean {
  try {
    JSON.parse(utf8.decode(bytes))
    return true
  } catch {
    return false
  }
}

/** How a line of a transcript begins. */
const transcriptLine = /^\s*\{[^\n]*"fact"\s*:/

const isTranscript = (head: Uint8Array | undefined): boolean =>
  head !== undefined && transcriptLine.test(utf8.decode(head.subarray(0, 4096)))

/**
 * Reads bytes until it is known whether they are one value of JSON that is no line of a transcript, such as the body of a
 * reply. Returns whether they are, and all bytes.
 */
export async function readJsonValue(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly isValue: boolean; readonly bytes: AsyncIterable<Uint8Array> }> {
  const reading = bytes[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let length = 0
  let isAll = false
  while (!isAll && length <= limits.replyBytes.max && !isTranscript(first[0])) {
    const { done, value } = await reading.next()
    if (done) isAll = true
    else {
      first.push(value)
      length += value.length
    }
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* first
      for (let next = await reading.next(); !next.done; next = await reading.next()) yield next.value
    } finally {
      // A reader that stops early closes the file.
      await reading.return?.()
    }
  }
  return { isValue: isAll && isJsonValue(Buffer.concat(first)), bytes: all() }
}
