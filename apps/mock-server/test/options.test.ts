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

test.each([
  [["--defect", "a", "b@0.5", "--variant", "c", "d"]],
  [["--defect", "a", "--defect", "b@0.5", "--variant", "c", "--variant", "d"]],
])("defects and variants are a list or repeated flags: %j", (argv) => {
  expect(readOptions(argv).mock.always).toEqual([
    { id: "a", rate: 1 },
    { id: "b", rate: 0.5 },
    { id: "c", rate: 1 },
    { id: "d", rate: 1 },
  ])
})
