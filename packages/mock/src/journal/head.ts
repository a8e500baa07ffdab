import type { Header, MockRequest, Reply } from "@nexhina/wire"

/** What an exchange says besides its bodies. */
export interface Head extends Pick<MockRequest, "method" | "target" | "headers"> {
  /** Undefined when the client left before. */
  readonly reply?: Pick<Reply, "status" | "headers" | "head" | "end"> | undefined
}

/**
 * No field of HTTP contains it (RFC 9110, section 5.5), only the target of a malformed request may. Of the same fields,
 * JSON takes three times as long to write.
 */
const separator = "\0"

/** Writes a head as text, for `readHead`. Adds text to text: joining a list of fields takes three times as long. */
export function writeHead({ method, target, headers, reply }: Head): string {
  const request = method + separator + headersText(headers)
  if (reply === undefined) return request + separator + target
  const { status, head, end } = reply
  const atMs = head?.atMs ?? ""
  const withheld = head?.withheld ? "withheld" : ""
  const rest = end + separator + status + separator + atMs + separator + withheld + separator
  return request + rest + headersText(reply.headers) + target
}

/** Returns the number of headers, their names and values, each with a separator after it. */
function headersText(headers: readonly Header[]): string {
  let text = headers.length + separator
  for (const [name, value] of headers) text += name + separator + value + separator
  return text
}

/** Reads what `writeHead` has written. */
export function readHead(text: string): Head {
  const fields = text.split(separator).values()
  const next = () => fields.next().value ?? ""
  const nextHeaders = () => Array.from({ length: Number(next()) }, (): Header => [next(), next()])
  const [method, headers] = [next(), nextHeaders()]
  const reply = readReply(next, nextHeaders)
  return { method, target: [...fields].join(separator), headers, ...(reply && { reply }) }
}

function readReply(next: () => string, nextHeaders: () => Header[]): Head["reply"] {
  // As it was written.
  const end = next() as Reply["end"] | ""
  if (end === "") return undefined
  const [status, atMs, withheld] = [Number(next()), next(), next()]
  return {
    status,
    headers: nextHeaders(),
    ...(atMs && { head: { atMs: Number(atMs), ...(withheld && { withheld: true }) } }),
    end,
  }
}
