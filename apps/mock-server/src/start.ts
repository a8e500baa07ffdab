import { createMock, type Mock, type MockOptions } from "@nexhina/mock"
import type { MockServer } from "@nexhina/mock/node"
import pc from "picocolors"
import { catalogue } from "./catalogue.ts"
import type { Settings } from "./options.ts"
import { serve } from "./serve.ts"

/** Starts the server, says where it listens, and lets it run until a signal. */
export async function start(settings: Settings): Promise<void> {
  const mock = await mockOf(settings)
  const { scenarios } = settings
  if (scenarios.length > 0) await useScenarios(mock, scenarios)
  const server = await startServer(mock, settings)
  drainOnSignal(server)
  announce(server, settings)
}

async function mockOf({ mock, tokenizer }: Settings): Promise<Mock> {
  const measured = tokenizer === "o200k_base" && { tokenizer: await o200kBase() }
  try {
    return createMock({ ...mock, ...measured, alterations: catalogue, onCrash: console.error })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`error: option '--defect' or '--variant': ${error.message}`)
    process.exit(2)
  }
}

/**
 * Loads scenarios into a mock, and again whenever their files change. Scenarios with a problem end the start; later they
 * are reported, and those in use stay.
 */
async function useScenarios(mock: Mock, paths: readonly string[]): Promise<void> {
  const { loadScenarios, UsageError, watchFiles } = await import("./scenario-files.ts")
  const known = new Set(catalogue.map(({ id }) => id))
  const load = async (): Promise<boolean> => {
    try {
      const { scenarios, places, problems } = await loadScenarios(paths, known)
      for (const problem of problems) console.error(`error: ${problem}`)
      if (problems.length === 0) mock.scenarios.replace(scenarios, places)
      return problems.length === 0
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      console.error(`error: option '--scenarios': ${error.message}`)
      return false
    }
  }
  if (!(await load())) process.exit(2)
  let loading = Promise.resolve()
  watchFiles(paths, () => {
    // One after the other: the last state of the files wins.
    loading = loading.then(async () => {
      const isLoaded = await load()
      console.error(isLoaded ? "scenarios loaded again" : "the scenarios in use stay")
    })
  })
}

/** Loads the tokenizer of GPT-4o, which is the greater part of all that one could install, and is therefore optional. */
async function o200kBase(): Promise<NonNullable<MockOptions["tokenizer"]>> {
  try {
    return (await import("./o200k-base.ts")).o200kBase
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error
    console.error(
      "error: option '--tokenizer o200k_base' needs a package that is not installed: npm install gpt-tokenizer",
    )
    process.exit(2)
  }
}

async function startServer(mock: Mock, { host, port, drainMs, log }: Settings): Promise<MockServer> {
  try {
    return await serve(mock, { host, port, drainMs, log }, console.error)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    console.error(
      code === "EADDRINUSE"
        ? `Port ${port} on ${host} is already in use. Choose another port with --port, or a free one with --port 0.`
        : `Cannot listen on ${host}, port ${port}: ${message}.`,
    )
    process.exit(1)
  }
}

/** Lets open replies finish on the first signal and exits immediately on the second. */
function drainOnSignal({ drain }: MockServer): void {
  let draining = false
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (draining) process.exit(0)
      draining = true
      drain().then(() => process.exit(0))
    })
  }
}

function announce({ baseURL }: MockServer, { log, mock: { keys, profile } }: Settings): void {
  if (log === "json") {
    console.log(JSON.stringify({ listening: baseURL, profile }))
    return
  }
  const key = keys === "any" ? "sk-mock" : "$NEXHINA_API_KEY"
  const authorization = keys === "none-needed" ? "" : `-H "Authorization: Bearer ${key}" `
  console.log(`nexhina-mock serves the ${profile} profile at ${pc.bold(baseURL)}

curl ${baseURL}/chat/completions ${authorization}-H "Content-Type: application/json" \\
  -d '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'
`)
}
