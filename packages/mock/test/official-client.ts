import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import OpenAI6 from "openai"
import OpenAI7 from "openai-7"
import { afterAll, beforeAll } from "vitest"
import { toNode } from "../src/hosts/node.ts"
import { createMock, type MockOptions } from "../src/mock.ts"
import { againstDocument } from "./against-document.ts"

/** The releases of the official client. They have the same interface as far as it is used here. */
export const releases = { "openai 6": OpenAI6, "openai 7": OpenAI7 as unknown as typeof OpenAI6 }
export type Release = keyof typeof releases

export const apiKey = "sk-sdk"

/** Serves a mock while the tests of a file run, held against the document; its base URL, once they do. */
export function served(options: MockOptions): () => string {
  const server = createServer(toNode(againstDocument(createMock({ keys: [apiKey], ...options }))))
  let baseURL = ""
  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
    baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  })
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })
  return () => baseURL
}
