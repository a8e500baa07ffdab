import type { ChatCompletionChunk } from "@nexhina/schemas"
import { encodeEvent } from "@nexhina/stream"
import { piecesAround } from "../utterance/encode-template.ts"

/**
 * Returns the same text as encoding each chunk of a generated completion, in half the time: most chunks of a choice
 * differ in one text only.
 */
export function encodeChat(chunks: readonly ChatCompletionChunk[]): string {
  const templates: string[][] = []
  let encoded = ""
  for (const chunk of chunks) {
    const content = onlyContent(chunk)
    if (content === undefined) {
      encoded += encodeEvent({ data: chunk })
    } else {
      const index = chunk.choices[0]?.index ?? 0
      templates[index] ??= piecesAround(encodeEvent({ data: chunk }), [["content", content]])
      const [before, after] = templates[index]
      encoded += before + JSON.stringify(content) + after
    }
  }
  return encoded
}

/** Returns the text of a chunk that has nothing else. */
function onlyContent({ choices: [choice] }: ChatCompletionChunk): string | undefined {
  if (!choice || choice.logprobs || choice.delta.role != null) return undefined
  return choice.delta.content || undefined
}
