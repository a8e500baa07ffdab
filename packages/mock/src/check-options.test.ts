import { expect, test } from "vitest"
import { startMock } from "./hosts/node.ts"
import { createMock, type MockOptions } from "./mock.ts"

test.each<[object, string]>([
  [{ profile: "opnai" }, "Invalid option 'profile': expected 'nexhina' or 'openai'."],
  [{ keys: "sk-secret" }, "Invalid option 'keys': expected 'any', 'none-needed' or a list of keys."],
  [{ scenarios: "greeting.yaml" }, "Invalid option 'scenarios': expected a list."],
  [{ strictScenarios: "false" }, "Invalid option 'strictScenarios': expected true or false."],
  [{ fault: 5 }, "Invalid option 'fault': expected a text such as 'after 2 events: reset'."],
  [{ latency: "ttft=5" }, "Invalid option 'latency': expected an object."],
  [{ latency: { tft: 5 } }, "Unknown member of 'latency' 'tft'. Did you mean 'ttft'?"],
  [{ quotas: { rpms: 5 } }, "Unknown member of 'quotas' 'rpms'. Did you mean 'rpm'?"],
  [{ alterations: { id: "a" } }, "Invalid option 'alterations': expected a list or a function."],
])("%j is refused", async (options, message) => {
  expect(() => createMock(options as MockOptions)).toThrow(new TypeError(message))
  await expect(startMock(options as MockOptions)).rejects.toThrow(new TypeError(message))
})

test("options that are undefined are left out", () => {
  const options: Record<string, undefined> = { profile: undefined, scenarios: undefined, latency: undefined }
  expect(() => createMock(options as MockOptions)).not.toThrow()
})
