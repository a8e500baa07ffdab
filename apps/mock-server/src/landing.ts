import type { IncomingMessage, ServerResponse } from "node:http"

/**
 * Replies to what people and their tools try first: `/` says what this is and where the API is, `/health` that it
 * runs. Returns whether it has replied.
 */
export function land(request: IncomingMessage, response: ServerResponse): boolean {
  const path = request.url?.replace(/\?.*$/s, "")
  if (request.method !== "GET" && request.method !== "HEAD") return false
  if (path === "/health") send(response, "application/json", '{"status":"ok"}')
  else if (path === "/") send(response, "text/plain; charset=utf-8", landing)
  else return false
  return true
}

const landing = `This is nexhina-mock, a mock server of an OpenAI-compatible API.

The API is below /v1: point a client's base URL there. GET /v1/models lists the models.
The OpenAPI document is in the npm package @nexhina/schemas, as openapi.json.
`

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(body) })
  // Node leaves the body out of a reply to HEAD.
  response.end(body)
}
