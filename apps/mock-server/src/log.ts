import type { IncomingMessage, ServerResponse } from "node:http"
import pc from "picocolors"
import type { Settings } from "./options.ts"

/** Writes a line once a request is done with: method, path without query, status, ms. Headers are never shown. */
export type Log = (request: IncomingMessage, response: ServerResponse) => void

/** The log in one of its forms, on standard output. */
export function createLog(form: Settings["log"]): Log {
  if (form === "off") return () => {}
  return (request, response) => {
    const startedAt = performance.now()
    response.once("close", () => {
      const { method = "" } = request
      // Nothing that a terminal would take for a command.
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
