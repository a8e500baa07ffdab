import { createMock } from "@nexhina/mock"
import type { Answer } from "@nexhina/wire"
import { CommanderError } from "commander"
import pc from "picocolors"
import { readOptions, type Settings } from "./options.ts"
import { type Serving, serve } from "./serve.ts"

const settings = settingsFromArguments()
const answer = await answerOf(settings)
const serving = await startServing(answer, settings)
drainOnSignal(serving)
announce(serving, settings)

function settingsFromArguments(): Settings {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    // Commander has printed the fault, or the help that was asked for.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
    throw error
  }
}

async function answerOf({ mock, tokenizer }: Settings): Promise<Answer> {
  // The tables of a model's tokenizer take longer to load than all the rest.
  const measured = tokenizer === "o200k_base" && { tokenizer: (await import("./o200k-base.ts")).o200kBase }
  try {
    return createMock({ ...mock, ...measured, onCrash: console.error })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`error: option '--defect' or '--variant': ${error.message}`)
    process.exit(2)
  }
}

async function startServing(answer: Answer, { host, port, log }: Settings): Promise<Serving> {
  try {
    return await serve(answer, { host, port, log }, console.error)
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

/** The first signal lets replies finish, the second ends at once. */
function drainOnSignal({ drain }: Serving): void {
  let draining = false
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (draining) process.exit(0)
      draining = true
      drain().then(() => process.exit(0))
    })
  }
}

function announce({ baseUrl }: Serving, { log, mock: { keys, profile } }: Settings): void {
  if (log === "json") {
    console.log(JSON.stringify({ listening: baseUrl, profile }))
    return
  }
  const key = keys === "any" ? "sk-mock" : "$NEXHINA_API_KEY"
  const authorization = keys === "none-needed" ? "" : `-H "Authorization: Bearer ${key}" `
  console.log(`nexhina-mock serves the ${profile} profile at ${pc.bold(baseUrl)}

curl ${baseUrl}/chat/completions ${authorization}-H "Content-Type: application/json" \\
  -d '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'
`)
}
