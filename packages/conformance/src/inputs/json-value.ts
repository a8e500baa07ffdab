import { isJson } from "../evidence.ts"
import { limits } from "../limits.ts"
import { maxHead, readBeginning } from "./source.ts"

const utf8 = new TextDecoder()

/** How a line of a transcript begins. */
const transcriptLine = /^\s*\{[^\n]*"fact"\s*:/

const isTranscript = ([head]: readonly Uint8Array[]): boolean =>
  head !== undefined && transcriptLine.test(utf8.decode(head.subarray(0, maxHead)))

/**
 * Returns whether bytes are a single value of JSON, such as the body of a reply, instead of the lines of a transcript; and
 * all bytes. A value that is longer than a reply may be is not recognised.
 */
export async function readJsonValue(
  given: AsyncIterable<Uint8Array>,
): Promise<{ readonly isValue: boolean; readonly bytes: AsyncIterable<Uint8Array> }> {
  const isKnown = (first: readonly Uint8Array[], length: number) =>
    length > limits.replyBytes.max || isTranscript(first)
  const { first, isAll, bytes } = await readBeginning(given, isKnown)
  return { isValue: isAll && !isTranscript(first) && isJson(Buffer.concat(first)), bytes }
}
