import type { ChatCompletionChunk } from "@nexhina/schemas"
import { encodeEvent } from "@nexhina/stream"

/**
 * Writes what `encode` writes for the chunks of a completion that this mock made. Most chunks of a choice differ in
 * one fragment of text only, so they are written as the first such chunk was, in half the time.
 */
export function encodeChat(chunks: readonly ChatCompletionChunk[]): string {
  const around: (readonly [before: string, after: string])[] = []
  let text = ""
  for (const chunk of chunks) {
    const fragment = onlyFragment(chunk)
    if (fragment === undefined) {
      text += encodeEvent({ data: chunk })
    } else {
      const index = chunk.choices[0]?.index ?? 0
      around[index] ??= withoutFragment(chunk, fragment)
      const [before, after] = around[index]
      text += before + JSON.stringify(fragment) + after
    }
  }
  return text
}

/** The text of a chunk that carries nothing else. */
function onlyFragment({ choices: [choice] }: ChatCompletionChunk): string | undefined {
  if (!choice || choice.logprobs || choice.delta.role != null) return undefined
  return choice.delta.content || undefined
}

function withoutFragment(chunk: ChatCompletionChunk, fragment: string): readonly [string, string] {
  const member = '"content":'
  const text = encodeEvent({ data: chunk })
  const at = text.indexOf(member, text.indexOf('"delta":')) + member.length
  return [text.slice(0, at), text.slice(at + JSON.stringify(fragment).length)]
}
