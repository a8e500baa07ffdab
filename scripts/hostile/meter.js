import { request } from "node:http"
import { parentPort, workerData } from "node:worker_threads"

// A well-behaved client in a thread of its own, so that the attacks of the main thread do not delay it.

const { url } = workerData
const body = JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] })
const pauseMs = 20

function ask() {
  const startedAt = performance.now()
  return new Promise((resolve) => {
    const asked = request(`${url}/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer sk-meter", "content-type": "application/json" },
    })
    asked.on("response", (response) => {
      response.resume()
      response.on("end", () => resolve({ ms: performance.now() - startedAt, status: response.statusCode }))
    })
    asked.on("error", (error) => resolve({ ms: performance.now() - startedAt, status: error.message }))
    asked.end(body)
  })
}

for (;;) {
  parentPort?.postMessage(await ask())
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
}
