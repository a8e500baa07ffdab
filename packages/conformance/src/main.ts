import { Command, CommanderError } from "commander"
import { exitCodes } from "./reports/exit-codes.ts"
import { wrapped } from "./reports/layout.ts"
import { version } from "./version.ts"

const exitCodeHelp = `\nExit codes:\n${Object.entries(exitCodes)
  .map(([code, means]) => wrapped(means, `  ${code}  `))
  .join("\n")}`

/** Loads the kit. Not before a command asks for it: `--version` and `--help` need none of it. */
const loadRun = () => import("./commands/run.ts")
const loadCheck = () => import("./commands/check.ts")
const loadMerge = () => import("./commands/merge.ts")
const loadProxy = () => import("./commands/proxy.ts")

/** Carries out a command line, and returns its exit code. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: it is the list of the commands.
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0
  const program = new Command("nexhina-conformance")
    .description("Tests whether a server conforms to the gateway's API contract.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(run with --help for usage)")
    .addHelpText("after", exitCodeHelp)

  const runProgram = program
    .command("run")
    .description("test a server and report the findings")
    .option("--config <file>", "read options from a YAML or JSON file, named as baseUrl, maxRequests, …")
    .action(async (flags) => {
      exitCode = await (await loadRun()).runCommand(flags)
    })
  if (argv.includes("run")) (await loadRun()).addRunOptions(runProgram)

  const checkProgram = program
    .command("check <file...>")
    .description(
      "judge recorded traffic: transcripts, HTTP Archives, event streams, folders of them, - for stdin",
    )
    .option("--config <file>", "read options from a YAML or JSON file")
    .action(async (files: string[], flags) => {
      exitCode = await (await loadCheck()).checkCommand(files, flags)
    })
  if (argv.includes("check")) (await loadCheck()).addCheckOptions(checkProgram)

  const mergeProgram = program
    .command("merge <file...>")
    .description(
      "judge the transcripts of all shards as one run, or put JSON reports of several targets side by side",
    )
    .option("--config <file>", "read options from a YAML or JSON file")
    .action(async (files: string[], flags) => {
      exitCode = await (await loadMerge()).mergeCommand(files, flags)
    })
  if (argv.includes("merge")) (await loadCheck()).addCheckOptions(mergeProgram)

  const proxyProgram = program
    .command("proxy")
    .description("pass requests on to a server and judge each exchange; Ctrl-C ends it with the report")
    .option("--config <file>", "read options from a YAML or JSON file")
    .action(async (flags) => {
      exitCode = await (await loadProxy()).proxyCommand(flags)
    })
  if (argv.includes("proxy")) (await loadProxy()).addProxyOptions(proxyProgram)

  program
    .command("rules [pattern]")
    .description("list the rules that match, such as 'sse.*', or show one")
    .option("--json", "print the rules as JSON")
    .action(async (pattern: string | undefined, flags: { json?: boolean }) => {
      exitCode = await (await import("./commands/rules.ts")).listRules(pattern, flags)
    })

  program
    .command("init")
    .description("write a configuration, an empty baseline and a workflow for GitHub Actions")
    .option("--force", "overwrite existing files")
    .action(async (flags: { force?: boolean }) => {
      exitCode = await (await import("./commands/init.ts")).initCommand(flags)
    })

  program
    .command("explain <id>")
    .description(
      "explain a rule, a cause (rule:fault) or a finding, with an example; or a word of a report, a profile, a surface, a trait, an operation or a set of requirements",
    )
    .action(async (id: string) => {
      exitCode = await (await import("./commands/explain.ts")).explainCommand(id)
    })

  try {
    await program.parseAsync(argv, { from: "user" })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return (await loadRun()).exitCodeOfError(error)
  }
}
