import { createMock, type Mock, type MockOptions } from "@nexhina/mock"
import type { MockServer } from "@nexhina/mock/node"
import type { NamedAlteration } from "@nexhina/wire"
import pc from "picocolors"
import type { ChosenAlteration, Settings } from "./options.ts"
import { fileErrorMessage, UsageError } from "./readable.ts"
import type { Recorder, RecordSettings } from "./record.ts"
import type { Replay, ReplaySettings } from "./replay.ts"
import { type OtherAnswers, serve } from "./serve.ts"

/** Starts the server, says where it listens, and lets it run until a signal. */
export async function start(settings: Settings): Promise<void> {
  const { scenarios, record, replay } = settings
  const mock = await mockOf(settings)
  if (scenarios.length > 0) await useScenarios(mock, scenarios)
  const server = await startServer(mock, settings, {
    ...(record && { recorder: await recorderOf(record) }),
    ...(replay && { replay: await replayOf(replay) }),
  })
  drainOnSignal(server)
  announce(server, settings)
}

async function recorderOf(record: RecordSettings): Promise<Recorder> {
  const { createRecorder } = await import("./record.ts")
  const { otherRecordings } = await import("./recordings-folder.ts")
  const warn = (message: string) => console.error(`warning: ${message}`)
  try {
    const recorder = createRecorder(record, warn)
    const others = await otherRecordings(record.folder, record.upstream)
    if (others !== undefined) warn(others)
    return recorder
  } catch (error) {
    console.error(`error: option '--to <folder>': ${(error as Error).message}`)
    process.exit(2)
  }
}

async function replayOf(replay: ReplaySettings): Promise<Replay> {
  const { openReplay } = await import("./replay.ts")
  try {
    return await openReplay(replay, console.error)
  } catch (error) {
    console.error(`error: option '--replay <folder>': ${fileErrorMessage(error)}`)
    process.exit(2)
  }
}

async function mockOf({ mock, tokenizer, alterations: always }: Settings): Promise<Mock> {
  const measured = tokenizer === "o200k_base" && { tokenizer: await o200kBase() }
  try {
    const alterations = always.length > 0 ? await requireKinds(always) : loadCatalogue
    return createMock({ ...mock, ...measured, always, alterations, onCrash: console.error })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`error: option '--defect' or '--variant': ${error.message}`)
    process.exit(2)
  }
}

/** Returns the catalogue. A defect that is chosen as a variant, or the reverse, ends the command. */
async function requireKinds(chosen: readonly ChosenAlteration[]): Promise<readonly NamedAlteration[]> {
  const catalogue = await loadCatalogue()
  for (const { id, rate, kind } of chosen) {
    const known = catalogue.find((each) => each.id === id)
    if (known?.kind === undefined || known.kind === kind) continue
    const share = rate === 1 ? id : `${id}@${rate}`
    console.error(
      `error: option '--${kind} <id...>': '${id}' is a ${known.kind}. Use '--${known.kind} ${share}'.`,
    )
    process.exit(2)
  }
  return catalogue
}

/** Loads the defects and variants: a large module, which most servers do without. */
const loadCatalogue = async () => (await import("./catalogue.ts")).catalogue

/**
 * Loads scenarios into a mock, and again whenever their files change. Scenarios with a problem end the start; later they
 * are reported, and those in use stay.
 */
async function useScenarios(mock: Mock, paths: readonly string[]): Promise<void> {
  const { loadScenarios } = await import("./scenario-files.ts")
  const { watchScenarios } = await import("./scenario-watch.ts")
  const known = await loadCatalogue()
  await mock.loadAlterations()
  let images: readonly string[] = []
  const load = async (): Promise<boolean> => {
    try {
      const { scenarios, places, problems, ...loaded } = await loadScenarios(paths, known)
      images = loaded.images
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
  const watching = watchScenarios(paths, () => {
    // One after the other: the last state of the files wins.
    loading = loading.then(async () => {
      const isLoaded = await load()
      watching.images(images)
      console.error(isLoaded ? "scenarios loaded again" : "the scenarios in use stay")
    })
  })
  watching.images(images)
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

async function startServer(
  mock: Mock,
  { host, port, drainMs, log }: Settings,
  others: OtherAnswers,
): Promise<MockServer> {
  try {
    return await serve(mock, { host, port, drainMs, log }, console.error, others)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "EADDRINUSE") {
      console.error(
        `Port ${port} on ${host} is already in use. Choose another port with --port, or a free one with --port 0.`,
      )
      process.exit(1)
    }
    const isHost = code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EADDRNOTAVAIL"
    const [option, value, remedy] = isHost
      ? ["--host", host, "Name an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all."]
      : ["--port", port, "Choose another port, or a free one with --port 0."]
    console.error(`error: option '${option} ${value}': the mock cannot listen there (${message}). ${remedy}`)
    process.exit(2)
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

function announce({ baseURL }: MockServer, { log, record, replay, mock: { keys, profile } }: Settings): void {
  if (log === "json") {
    const mode = record ? { records: record.upstream } : replay ? { replays: replay.folder } : { profile }
    console.log(JSON.stringify({ listening: baseURL, ...mode }))
    return
  }
  if (record || replay) {
    const mode = record ? `records ${record.upstream} to ${record.folder}` : `replays ${replay?.folder}`
    console.log(`nexhina-mock ${mode} at ${pc.bold(baseURL)}`)
    return
  }
  const key = keys === "any" ? "sk-mock" : "$NEXHINA_API_KEY"
  const authorization = keys === "none-needed" ? "" : `-H "Authorization: Bearer ${key}" `
  console.log(`nexhina-mock serves the ${profile} profile at ${pc.bold(baseURL)}

curl ${baseURL}/chat/completions ${authorization}-H "Content-Type: application/json" \\
  -d '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'
`)
}
