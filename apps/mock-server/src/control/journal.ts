import { createRedactor, credentialsIn, type Exchange, type Header, headerOf } from "@nexhina/wire"

/** An exchange, as the control API shows it. */
export interface ShownExchange {
  readonly id: string
  readonly request: { method: string; target: string; headers: readonly Header[]; body: string }
  readonly response?: { status: number; headers: readonly Header[]; body: string }
  readonly end: string
}

/** Returns the scope of an exchange, "" without one. */
export const scopeOf = ({ request }: Exchange): string => headerOf(request.headers, "x-mock-scope") ?? ""

/** Returns exchanges without any key. A body that is not text is shown as base64, after `base64:`. */
export function shown(exchanges: readonly Exchange[]): readonly ShownExchange[] {
  const secrets = new Set(exchanges.flatMap((exchange) => [...credentialsIn(exchange)]))
  const redactor = createRedactor([...secrets])
  return exchanges.map((exchange) => {
    const { id, request, response, end } = redactor.exchange(exchange)
    const { method, target, headers, body } = request
    return {
      id,
      request: { method, target, headers, body: textOf(body) },
      ...(response && {
        response: {
          status: response.status,
          headers: response.headers,
          body: textOf(Buffer.concat(response.chunks.map(({ bytes }) => bytes))),
        },
      }),
      end: end.kind,
    }
  })
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    // Audio and images, and replies that are cut inside a character.
    return `base64:${Buffer.from(bytes).toString("base64")}`
  }
}
