import type { Exchange } from "./exchange.ts"
import type { Line } from "./line.ts"
import { createRedactor } from "./redact.ts"

/** Writes exchanges as the lines of a transcript. */
export interface Writer {
  exchange(exchange: Exchange): void
}

/**
 * A writer of transcripts. `write` gets each line without its line break, in order and at once; lines are ASCII
 * or UTF-8 text that holds no other line break. `secrets` never reach it (see `createRedactor`).
 */
export function createWriter({
  write,
  secrets,
}: {
  readonly write: (line: string) => void
  readonly secrets: readonly string[]
}): Writer {
  const redactor = createRedactor(secrets)
  return {
    exchange(exchange) {
      for (const line of linesOf(redactor.exchange(exchange))) write(serialize(line))
    },
  }
}

function* linesOf(exchange: Exchange): Generator<Line> {
  const { v, id, intent, request, response, end, fidelity, redacted } = exchange
  const { method, target, headers, sentAtMs } = request
  yield {
    v,
    fact: "request",
    id,
    ...(intent && { intent }),
    method,
    target,
    headers,
    ...encoded(request.body),
    sentAtMs,
    fidelity,
  }
  if (response) {
    yield { fact: "head", id, status: response.status, headers: response.headers }
    for (const { atMs, bytes } of response.chunks) yield { fact: "chunk", id, atMs, ...encoded(bytes) }
  }
  yield {
    fact: "end",
    id,
    ...end,
    ...(response && response.trailers.length > 0 && { trailers: response.trailers }),
    ...(redacted && { redacted }),
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function encoded(bytes: Uint8Array): { body: string; encoding?: "base64" } {
  try {
    return { body: strictUtf8.decode(bytes) }
  } catch {
    const { buffer, byteOffset, length } = bytes
    return { body: Buffer.from(buffer, byteOffset, length).toString("base64"), encoding: "base64" }
  }
}

/** JSON leaves these two as they are, and Node's `readline` takes them for line breaks. */
const serialize = (line: Line) =>
  JSON.stringify(line).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")
