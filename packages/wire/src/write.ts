import { credentialsIn } from "./credentials.ts"
import type { Exchange } from "./exchange.ts"
import type { EncodedBytes, ForeignLine, Line } from "./line.ts"
import { createRedactor } from "./redact.ts"

/** Writes exchanges as the lines of a transcript. */
export interface Writer {
  /** Writes `about`, lines of the caller's own about this exchange, then the exchange. Only the exchange is redacted. */
  exchange(exchange: Exchange, about?: readonly ForeignLine[]): void
  /** Writes a line of the caller's own, as it is. */
  line(line: ForeignLine): void
}

/**
 * Creates a writer of transcripts. `write` is called with each line without its line break, in order and at once; a
 * line is ASCII or UTF-8 text without any other line break. `secrets` are redacted (see `createRedactor`).
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
    exchange(exchange, about = []) {
      for (const line of about) write(serialize(line))
      for (const line of linesOf(redactor.exchange(exchange))) write(serialize(line))
    },
    line: (line) => write(serialize(line)),
  }
}

/** Credentials that are remembered (chosen). */
const maxSecrets = 1_000

/**
 * Creates a function that writes exchanges of clients whose secrets are not known beforehand. The credentials that it
 * finds in an exchange are redacted in it and in those that follow, whose replies may repeat them.
 */
export function createDiscreetWriter(write: (line: string) => void): (exchange: Exchange) => void {
  const secrets = new Set<string>()
  return (exchange) => {
    for (const secret of credentialsIn(exchange)) secrets.add(secret)
    for (const oldest of secrets) if (secrets.size > maxSecrets) secrets.delete(oldest)
    createWriter({ write, secrets: [...secrets] }).exchange(exchange)
  }
}

function* linesOf({ v, id, request, response, end, fidelity, redacted }: Exchange): Generator<Line> {
  const { method, target, headers, sentAtMs } = request
  yield { v, fact: "request", id, method, target, headers, ...encoded(request.body), sentAtMs, fidelity }
  if (response) {
    yield { fact: "head", id, status: response.status, headers: response.headers }
    for (const { atMs, bytes } of response.chunks) yield { fact: "chunk", id, atMs, ...encoded(bytes) }
  }
  yield {
    fact: "end",
    id,
    ...end,
    ...(response && { chunks: response.chunks.length }),
    ...(response && response.trailers.length > 0 && { trailers: response.trailers }),
    ...(redacted && { redacted }),
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Returns bytes as text when they are UTF-8, and in base64 otherwise. */
export function encoded(bytes: Uint8Array): EncodedBytes {
  try {
    return { body: strictUtf8.decode(bytes) }
  } catch {
    const { buffer, byteOffset, length } = bytes
    return { body: Buffer.from(buffer, byteOffset, length).toString("base64"), encoding: "base64" }
  }
}

/** JSON leaves these two characters unescaped, and Node's `readline` treats them as line breaks. */
const serialize = (line: Line | ForeignLine) =>
  JSON.stringify(line).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")
