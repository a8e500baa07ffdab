import type { MockOptions } from "@nexhina/mock"
import { startMock } from "@nexhina/mock/node"
import type { NamedAlteration } from "@nexhina/wire"
import { settingsOf } from "../src/options/options.ts"
import { run } from "../src/run.ts"

export const apiKey = "sk-engine-test-key"

/** Checks a mock over a socket. */
export async function checked(mock: MockOptions, flags: Record<string, unknown>) {
  await using server = await startMock({ keys: [apiKey], strictModels: true, callTools: true, ...mock })
  return await run(settingsOf({ baseUrl: server.baseURL, apiKey, runs: 3, ...flags }))
}

export const always = (alteration: NamedAlteration): MockOptions => ({
  alterations: [alteration],
  always: [{ id: alteration.id, rate: 1 }],
})
