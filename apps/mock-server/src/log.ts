import type { IncomingMessage, ServerResponse } from "node:http"
import { cutReason } from "@nexhina/mock/node"
import type { MockRequest, Reply } from "@nexhina/wire"
import pc from "picocolors"
import { type ExchangeFacts, factsOf } from "./facts.ts"
import type { Settings } from "./options.ts"

/** Takes the reply of the mock, for the line that is written when it has been sent. */
export type NoteReply = (asked: MockRequest, reply: Reply) => void

/**
 * Writes a line when a request has ended: method, path without query, status, milliseconds, and what the reply says of
 * itself; for a reply that was cut, also the bytes that were sent and why. Never logs headers or content.
 */
export type Log = (request: IncomingMessage, response: ServerResponse) => NoteReply

/** Creates a log that writes to standard output. It ends, with one warning, when the output fails. */
export function createLog(form: Settings["log"]): Log {
  const print = createPrinter()
  if (form === "off") return () => () => {}
  return (request, response) => {
    const startedAt = performance.now()
    const { socket } = request
    const sentBefore = socket.bytesWritten
    let facts: ExchangeFacts = {}
    response.once("close", () => {
      const { method = "" } = request
      const path = printable((request.url ?? "").replace(/\?.*$/s, "").replaceAll(" ", "?"))
      const ms = Math.round(performance.now() - startedAt)
      const isCut = !response.writableFinished
      const cut = isCut
        ? { cut: cutReason(socket) ?? "cut", bytes: socket.bytesWritten - sentBefore }
        : undefined
      // Without its head, the client has not seen a status.
      const status = isCut && !response.headersSent ? null : response.statusCode
      if (form === "json") {
        const line = { at: new Date().toISOString(), method, path, status, ms, ...facts, ...cut }
        print(JSON.stringify(line))
      } else {
        const color = status !== null && status < 400 ? pc.green : pc.yellow
        const words = [
          method,
          path,
          color(status ?? "-"),
          pc.dim([`${ms} ms`, ...described(facts)].join(", ")),
        ]
        print([...words, ...(cut ? [pc.red(`${cut.cut}, ${cut.bytes} bytes sent`)] : [])].join(" "))
      }
    })
    return (asked, reply) => {
      facts = factsOf(asked, reply)
    }
  }
}

/** Creates a function that prints a line until standard output fails: its disk is full, or its reader has left. */
function createPrinter(): (line: string) => void {
  let hasFailed = false
  // Without a listener, the error would end the process.
  process.stderr.on("error", () => {})
  process.stdout.on("error", ({ message }) => {
    if (!hasFailed)
      console.error(`warning: standard output cannot be written (${message}), and the request log ends here`)
    hasFailed = true
  })
  return (line) => {
    if (!hasFailed) console.log(line)
  }
}

function described({ model, stream, tokens, finish, error, inactive, miss }: ExchangeFacts): string[] {
  return [
    ...(model === undefined ? [] : [model]),
    ...(stream ? ["stream"] : []),
    ...(tokens === undefined ? [] : [`${tokens} tokens`]),
    ...(finish === undefined ? [] : [finish]),
    ...(error === undefined ? [] : [error]),
    ...(inactive === undefined ? [] : [`inactive here: ${inactive}`]),
    // The error of a missing recording says what the header only names.
    ...(miss === undefined || miss === "recording" ? [] : [`no scenario, ${miss}`]),
  ]
    .map((text) => text.replaceAll(/\s*\n\s*/g, " "))
    .map((text) => (text.length > 200 ? `${printable(text.slice(0, 200))}…` : printable(text)))
}

/** Control characters must not reach the terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?")
}
