/** Special tokens and tags by which chat templates mark the parts of a conversation. */
const controlMarker =
  /<\|[\w-]{1,40}\|>|<｜[^｜<>]{1,40}｜>|<\/?tool_call>|<\/?think(?:ing)?>|\[TOOL_CALLS\]|<(?:start|end)_of_turn>/g

/**
 * Returns the first marker in a text of which what was asked does not speak: such a marker may well be repeated. `asked` is
 * the value of what was asked.
 */
export function controlMarkerIn(text: string, asked: unknown): RegExpExecArray | undefined {
  const markers = [...text.matchAll(controlMarker)]
  // Most texts have none, and what was asked is long.
  if (markers.length === 0) return undefined
  const question = JSON.stringify(asked) ?? ""
  return markers.find(([marker]) => !question.includes(marker))
}
