import { CommanderError } from "commander"
import { readOptions, type Settings } from "./options.ts"

const settings = settingsFromArguments()
// Loaded after the arguments: `--version` and `--help` need none of it.
if (settings.command?.name === "convert") {
  const { convert } = await import("./convert.ts")
  await convert(settings.command)
} else if (settings.command?.name === "scenario") {
  const { deriveScenarios } = await import("./derive-scenarios.ts")
  await deriveScenarios(settings.command)
} else if (settings.command) {
  const { runScenarioCommand } = await import("./scenario-commands.ts")
  process.exitCode = await runScenarioCommand(settings.command)
} else {
  const { start } = await import("./start.ts")
  await start(settings)
}

function settingsFromArguments(): Settings {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    // Commander has already printed the error or the help.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
    throw error
  }
}
