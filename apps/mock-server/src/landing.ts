import type { IncomingMessage, ServerResponse } from "node:http"

/**
 * Replies to what people and their tools try first: `/` says what this is and where the API is, `/health` that it
 * runs, and `/openapi.json` is the OpenAPI document. Returns whether it has taken over the reply.
 */
export function land(request: IncomingMessage, response: ServerResponse): boolean {
  const path = request.url?.replace(/\?.*$/s, "")
  if (request.method !== "GET" && request.method !== "HEAD") return false
  if (path === "/health") send(response, "application/json", '{"status":"ok"}')
  else if (path === "/") send(response, "text/plain; charset=utf-8", landing)
  else if (path === "/openapi.json") sendDocument(response)
  else return false
  return true
}

/** Sends the OpenAPI document, which is loaded when it is asked for. */
async function sendDocument(response: ServerResponse): Promise<void> {
  try {
    const { default: document } = await import("@nexhina/schemas/openapi.json", { with: { type: "json" } })
    send(response, "application/json", JSON.stringify(document))
  } catch (error) {
    console.error(error)
    response.destroy()
  }
}

const landing = `This is nexhina-mock, a mock server of an OpenAI-compatible API.

The API is below /v1: point a client's base URL there. GET /v1/models lists the models.
The OpenAPI document is at /openapi.json.
`

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    // Tools that show or import the document run in web pages.
    "access-control-allow-origin": "*",
  })
  // Node leaves the body out of a reply to HEAD.
  response.end(body)
}
