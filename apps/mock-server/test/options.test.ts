import { afterEach, expect, test, vi } from "vitest"
import { readOptions } from "../src/options.ts"

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

test("NEXHINA_MOCK_API_KEY is the key to accept, and --api-key goes first (F14)", () => {
  vi.stubEnv("NEXHINA_MOCK_API_KEY", "sk-secret")
  expect(readOptions([]).mock.keys).toEqual(["sk-secret"])
  expect(readOptions(["--api-key", "sk-flag"]).mock.keys).toEqual(["sk-flag"])
  expect(readOptions(["--no-auth"]).mock.keys).toBe("none-needed")
})

test("an empty NEXHINA_MOCK_API_KEY counts as not set, with a warning (F14)", () => {
  const warn = vi.spyOn(console, "error").mockImplementation(() => {})
  vi.stubEnv("NEXHINA_MOCK_API_KEY", "")
  expect(readOptions([]).mock.keys).toBe("any")
  expect(warn).toHaveBeenCalledWith("warning: NEXHINA_MOCK_API_KEY is empty and counts as not set")
})
