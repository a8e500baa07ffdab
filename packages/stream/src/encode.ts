import type { StreamEvent } from "./event.ts"

/**
 * Encodes events as a server-sent event stream: LF line ends, one space after each colon, a blank line after each
 * event. Throws a `TypeError` when an `event` or `id` contains a line break, which the format cannot represent.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function encode(events: Iterable<StreamEvent>): string {
  let text = ""
  for (const event of events) text += encodeEvent(event)
  return text
}

/** Encodes one event with its closing blank line. The order is comment, event, id, retry, data. */
export function encodeEvent({ comment, event, id, retry, data }: StreamEvent): string {
  let text = ""
  if (comment !== undefined) text += lines(":", comment)
  if (event !== undefined) text += `event: ${oneLine("event", event)}\n`
  if (id !== undefined) text += `id: ${oneLine("id", id)}\n`
  if (retry !== undefined) text += `retry: ${retry}\n`
  if (typeof data === "string") text += lines("data:", data)
  else if (data !== undefined) text += `data: ${JSON.stringify(data)}\n`
  return `${text}\n`
}

const lineBreak = /\r\n|\r|\n/

function lines(field: string, text: string): string {
  // Most texts are one line.
  if (!lineBreak.test(text)) return `${field} ${text}\n`
  return text
    .split(lineBreak)
    .map((line) => `${field} ${line}\n`)
    .join("")
}

function oneLine(member: string, text: string): string {
  if (lineBreak.test(text)) {
    throw new TypeError(
      `The \`${member}\` of an event must not contain a line break, got ${JSON.stringify(text)}`,
    )
  }
  return text
}
