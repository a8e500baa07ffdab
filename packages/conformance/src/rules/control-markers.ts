/** Special tokens and tags by which chat templates mark the parts of a conversation. */
const controlMarker =
  /<\|[\w-]{1,40}\|>|<｜[^｜<>]{1,40}｜>|<\/?tool_call>|<\/?think(?:ing)?>|\[TOOL_CALLS\]|<(?:start|end)_of_turn>/g

/** Returns the first marker in a text of which what was asked does not speak: such a marker may well be repeated. */
export const controlMarkerIn = (text: string, asked: string): RegExpExecArray | undefined =>
  [...text.matchAll(controlMarker)].find(([marker]) => !asked.includes(marker))
