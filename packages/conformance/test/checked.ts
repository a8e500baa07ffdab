import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { createMock, type MockOptions } from "@nexhina/mock"
import { toNode } from "@nexhina/mock/node"
import type { NamedAlteration } from "@nexhina/wire"
import { settingsOf } from "../src/options.ts"
import { run } from "../src/run.ts"

export const apiKey = "sk-engine-test-key"

/** Checks a mock of ours, over a socket as ever. */
export async function checked(mock: MockOptions, flags: Record<string, unknown>) {
  const server = createServer(toNode(createMock({ keys: [apiKey], ...mock })))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  try {
    return await run(settingsOf({ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey, runs: 3, ...flags }))
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

export const always = (alteration: NamedAlteration): MockOptions => ({
  alterations: [alteration],
  always: [{ id: alteration.id, rate: 1 }],
})
