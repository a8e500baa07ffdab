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
  expect(readOptions(argv).alterations).toEqual([
    { id: "a", rate: 1, kind: "defect" },
    { id: "b", rate: 0.5, kind: "defect" },
    { id: "c", rate: 1, kind: "variant" },
    { id: "d", rate: 1, kind: "variant" },
  ])
})

test("the flags of latency are read as `createMock` takes them", () => {
  expect(readOptions([]).mock.latency).toBeUndefined()
  expect(readOptions(["--ttft", "200±50", "--itl", "20", "--prefill", "0.5"]).mock.latency).toEqual({
    ttft: "200±50",
    itl: "20",
    prefill: 0.5,
  })
  expect(readOptions(["--tokens-per-second", "40"]).mock.latency).toEqual({ tokensPerSecond: 40 })
})

test.each([
  [["--ttft", "soon"], "Invalid latency 'ttft': expected milliseconds"],
  [["--ttft", "1,tps=5"], "Invalid latency 'ttft': expected milliseconds"],
  [["--itl", "20±30"], "the jitter must not be larger than the delay"],
  [["--tokens-per-second", "0"], "expected a number greater than 0"],
  [["--itl", "5", "--tokens-per-second", "5"], "cannot be used with option '--itl <ms>'"],
])("wrong latency is refused: %j", (argv, message) => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true)
  expect(() => readOptions(argv)).toThrow()
  expect(write.mock.calls.join("")).toContain(message)
})

test("a fault is read, and a wrong one refused with the step at fault", () => {
  expect(readOptions(["--fault", "after 2 events: reset@0.5"]).mock.fault).toBe("after 2 events: reset@0.5")
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true)
  expect(() => readOptions(["--fault", "after 2 evnts: reset"])).toThrow()
  expect(write.mock.calls.join("")).toContain("Invalid fault, step 1 ('after 2 evnts'): expected 'head'")
})

test("quotas are read, and wrong ones refused", () => {
  expect(readOptions([]).mock.quotas).toEqual({})
  expect(readOptions(["--rpm", "3", "--tpm", "1000"]).mock.quotas).toEqual({ rpm: 3, tpm: 1000 })
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true)
  expect(() => readOptions(["--rpm", "few"])).toThrow()
  expect(write.mock.calls.join("")).toContain("Invalid quota 'rpm': expected a whole number from 1 to")
})

test.each([
  [["start"], "error: unknown command 'start'. Known are lint, explain, convert, scenario."],
  [["lnt", "a.yaml"], "error: unknown command 'lnt'. Known are lint"],
  [["--port", "0", "scenarios.yaml"], "error: unknown command 'scenarios.yaml'. Known are lint"],
  [["lint", "a.yaml", "--port", "1"], "unknown option '--port'"],
])("an argument that is not a command is refused with the names of the commands: %j", (argv, message) => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true)
  expect(() => readOptions(argv)).toThrow()
  expect(write.mock.calls.join("")).toContain(message)
})
