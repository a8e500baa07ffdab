import type { IncomingMessage, ServerResponse } from "node:http"
import type { MockRequest, Reply } from "@nexhina/wire"
import pc from "picocolors"
import { type ExchangeFacts, factsOf } from "./facts.ts"
import type { Settings } from "./options.ts"

/** Takes the reply of the mock, for the line that is written when it has been sent. */
type NoteReply = (asked: MockRequest, reply: Reply) => void

/**
 * Writes a line when a request has ended: method, path without query, status, milliseconds, and what the reply says of
 * itself. Never logs headers or content.
 */
export type Log = (request: IncomingMessage, response: ServerResponse) => NoteReply

/** Creates a log that writes to standard output. */
export function createLog(form: Settings["log"]): Log {
  if (form === "off") return () => () => {}
  return (request, response) => {
    const startedAt = performance.now()
    let facts: ExchangeFacts = {}
    response.once("close", () => {
      const { method = "" } = request
      const path = printable((request.url ?? "").replace(/\?.*$/s, "").replaceAll(" ", "?"))
      const ms = Math.round(performance.now() - startedAt)
      const cut = response.writableFinished ? {} : { cut: true }
      const { statusCode: status } = response
      if (form === "json") {
        const line = { at: new Date().toISOString(), method, path, status, ms, ...facts, ...cut }
        console.log(JSON.stringify(line))
      } else {
        const color = status < 400 ? pc.green : pc.yellow
        const words = [method, path, color(status), pc.dim([`${ms} ms`, ...described(facts)].join(", "))]
        console.log([...words, ...(cut.cut ? [pc.red("cut")] : [])].join(" "))
      }
    })
    return (asked, reply) => {
      facts = factsOf(asked, reply)
    }
  }
}

function described({ model, stream, tokens, finish, error }: ExchangeFacts): string[] {
  return [
    ...(model === undefined ? [] : [model]),
    ...(stream ? ["stream"] : []),
    ...(tokens === undefined ? [] : [`${tokens} tokens`]),
    ...(finish === undefined ? [] : [finish]),
    ...(error === undefined ? [] : [error]),
  ].map((text) => (text.length > 200 ? `${printable(text.slice(0, 200))}…` : printable(text)))
}

/** Control characters must not reach the terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?")
}
