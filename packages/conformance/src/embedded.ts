import { type MockServer, startMock } from "@nexhina/mock/node"
import type { ProfileName } from "@nexhina/schemas"

/** Starts the mock for one run. It accepts a single key, refuses unknown models and calls tools, so that the rules about them can be checked. */
export function startEmbedded({ profile }: { readonly profile: ProfileName }): Promise<MockServer> {
  return startMock({ profile, keys: ["sk-embedded-mock"], strictModels: true, callTools: true })
}
