import { readFileSync } from "node:fs"
import { createServer } from "node:http"

/**
 * The baseline, bare node on two ports: one reads a JSON body and writes a fixed response, one writes fixed events one
 * by one.
 * @type {{ answer: string, events: string[] }}
 */
const { answer, events } = JSON.parse(readFileSync(process.argv[2], "utf8"))

/** @param {(response: import("node:http").ServerResponse) => void} write */
function listen(write) {
  const server = createServer((request, response) => {
    const chunks = []
    request.on("data", (chunk) => chunks.push(chunk))
    request.on("end", () => {
      JSON.parse(Buffer.concat(chunks).toString())
      write(response)
    })
  })
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)))
}

const ports = {
  whole: await listen((response) => {
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(answer),
    })
    response.end(answer)
  }),
  stream: await listen((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    for (const event of events) response.write(event)
    response.end()
  }),
}
console.log(JSON.stringify(ports))
