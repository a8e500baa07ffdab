import type { IncomingMessage, ServerResponse } from "node:http"
import pc from "picocolors"
import type { Settings } from "./options.ts"

/** Writes a line when a request has ended: method, path without query, status, milliseconds. Never logs headers. */
export type Log = (request: IncomingMessage, response: ServerResponse) => void

/** Creates a log that writes to standard output. */
export function createLog(form: Settings["log"]): Log {
  if (form === "off") return () => {}
  return (request, response) => {
    const startedAt = performance.now()
    response.once("close", () => {
      const { method = "" } = request
      // Control characters must not reach the terminal.
      const path = (request.url ?? "").replace(/\?.*$/s, "").replace(/[^\x21-\x7e]/g, "?")
      const ms = Math.round(performance.now() - startedAt)
      const cut = response.writableFinished ? {} : { cut: true }
      const { statusCode: status } = response
      if (form === "json") {
        console.log(JSON.stringify({ at: new Date().toISOString(), method, path, status, ms, ...cut }))
      } else {
        const color = status < 400 ? pc.green : pc.yellow
        console.log(
          `${method} ${path} ${color(status)} ${pc.dim(`${ms} ms`)}${cut.cut ? pc.red(" cut") : ""}`,
        )
      }
    })
  }
}
