import { conformance } from "@nexhina/conformance/vitest"
import { startMock } from "@nexhina/mock/node"
import { afterAll } from "vitest"

// Start your server here, instead of the mock.
const server = await startMock()
afterAll(() => server.close())

conformance({ baseURL: server.baseURL, apiKey: server.apiKey, quick: true })
