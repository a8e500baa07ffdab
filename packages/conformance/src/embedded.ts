import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { createMock } from "@nexhina/mock"
import { toNode } from "@nexhina/mock/node"
import type { ProfileName } from "@nexhina/schemas"

/** The mock, listening on loopback for as long as one run. */
export interface Embedded {
  readonly baseUrl: string
  readonly apiKey: string
  close(): Promise<void>
}

/** Starts the mock on a free port of 127.0.0.1; it takes one key, so that rules about keys have something to see. */
export async function startEmbedded({ profile }: { readonly profile: ProfileName }): Promise<Embedded> {
  const apiKey = "sk-embedded-mock"
  const server = createServer(toNode(createMock({ profile, keys: [apiKey] })))
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    apiKey,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
