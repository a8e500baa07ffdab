import OpenAI6 from "openai"
import OpenAI7 from "openai-7"
import { afterAll, beforeAll } from "vitest"
import { type MockServer, startMock } from "../src/hosts/node.ts"
import { createMock, type MockOptions } from "../src/mock.ts"
import { againstDocument } from "./against-document.ts"

/** The releases of the official client. They have the same interface as far as it is used here. */
export const releases = { "openai 6": OpenAI6, "openai 7": OpenAI7 as unknown as typeof OpenAI6 }
export type Release = keyof typeof releases

export const apiKey = "sk-sdk"

/** Serves a mock, validated against the document, while the tests of a file run. Returns a function for its base URL. */
export function served(options: MockOptions): () => string {
  let server: MockServer | undefined
  beforeAll(async () => {
    server = await startMock({
      mock: againstDocument(createMock({ keys: [apiKey], strictModels: true, callTools: true, ...options })),
    })
  })
  afterAll(() => server?.close())
  return () => server?.baseURL ?? ""
}
