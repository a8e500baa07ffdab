import {
  type Header,
  type Latency,
  latencyModel,
  latencyParameters,
  type MockOptions,
  parseFault,
  quotaKinds,
  quotaOf,
} from "@nexhina/mock"
import { profiles } from "@nexhina/schemas"
import type { AlterationKind } from "@nexhina/wire"
import { Command, InvalidArgumentError, Option } from "commander"
import type { Conversion } from "./convert.ts"
import type { Derivation } from "./derive-scenarios.ts"
import type { RecordSettings } from "./record.ts"
import type { ReplaySettings } from "./replay.ts"
import { version } from "./version.ts"

/** The settings from the command line. */
export interface Settings {
  readonly port: number
  readonly host: string
  readonly log: "pretty" | "json" | "off"
  /** Milliseconds that open replies get to finish after the first signal. */
  readonly drainMs: number
  /** Tokenizer for usage and limits. */
  readonly tokenizer: "cheap" | "o200k_base"
  /** Files and folders of scenarios. */
  readonly scenarios: readonly string[]
  /** The command to run instead of the server. Default: none. */
  readonly command?: ScenarioCommand | Conversion | Derivation
  /** Defects and variants of every reply, or of a fraction of them, each with the kind that its option names. */
  readonly alterations: readonly ChosenAlteration[]
  readonly mock: Omit<MockOptions, "alterations" | "always">
  readonly record?: RecordSettings
  readonly replay?: ReplaySettings
}

/** A command that works with scenarios and starts no server. */
export type ScenarioCommand =
  | { readonly name: "lint"; readonly files: readonly string[] }
  | {
      readonly name: "explain"
      /** File of a request body; `-` for standard input. */
      readonly request: string
      readonly scenarios: readonly string[]
      readonly operation?: string
      readonly headers: readonly Header[]
    }

interface Flags extends LatencyFlags {
  readonly fault?: string
  readonly rpm?: number
  readonly tpm?: number
  readonly port: number
  readonly host: string
  readonly profile: NonNullable<MockOptions["profile"]>
  readonly seed: number
  readonly apiKey?: readonly string[]
  /** False under `--no-auth`. */
  readonly auth: boolean
  readonly model: readonly string[]
  readonly strictModels: boolean
  readonly callTools: boolean
  readonly clock: "fixed" | "real"
  readonly defect: readonly Share[]
  readonly variant: readonly Share[]
  readonly scenarios: readonly string[]
  readonly strict: boolean
  readonly tokenizer: Settings["tokenizer"]
  readonly log: Settings["log"]
  /** In seconds. */
  readonly drain: number
  readonly record?: string
  readonly to?: string
  readonly replay?: string
  readonly speed?: number
}

/** The flags of latency, as text. */
type LatencyFlags = { readonly [Name in keyof typeof latencyParameters]?: string }

type Share = NonNullable<MockOptions["always"]>[number]

/** An id that `--defect` or `--variant` names. */
export type ChosenAlteration = Share & { readonly kind: AlterationKind }

/** Parses the arguments after the command's name. Throws a `CommanderError` after its message has been printed. */
export function readOptions(argv: readonly string[]): Settings {
  const command = createCommand()
  let chosenCommand: Settings["command"]
  const choose = (chosen: Settings["command"]) => {
    chosenCommand = chosen
  }
  addScenarioCommands(command, choose)
  addConvertCommand(command, choose)
  addDeriveCommand(command, choose)
  const flags: Flags = command.parse(argv, { from: "user" }).opts()
  const keys = flags.apiKey ?? (flags.auth ? keysFromEnvironment() : undefined)
  // Checked here, because the message of an argument parser would repeat the key.
  if (keys?.some((key) => !/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(key))) {
    command.error(
      "error: option '--api-key <key...>' or NEXHINA_MOCK_API_KEY: a key is printable ASCII without spaces at its ends",
    )
  }
  if (flags.strict && flags.scenarios.length === 0) {
    command.error("error: option '--strict' needs '--scenarios <path...>'")
  }
  return {
    ...(chosenCommand && { command: chosenCommand }),
    scenarios: flags.scenarios,
    port: flags.port,
    host: flags.host,
    log: flags.log,
    drainMs: 1000 * flags.drain,
    ...recordingSettings(flags, command),
    tokenizer: flags.tokenizer,
    alterations: [
      ...flags.defect.map((share) => ({ ...share, kind: "defect" as const })),
      ...flags.variant.map((share) => ({ ...share, kind: "variant" as const })),
    ],
    mock: {
      profile: flags.profile,
      seed: flags.seed,
      keys: flags.auth ? (keys ?? "any") : "none-needed",
      models: flags.model,
      strictModels: flags.strictModels,
      callTools: flags.callTools,
      strictScenarios: flags.strict,
      ...(flags.clock === "real" && { clock: () => Math.floor(Date.now() / 1000) }),
      ...latencyOf(flags),
      quotas: {
        ...(flags.rpm !== undefined && { rpm: flags.rpm }),
        ...(flags.tpm !== undefined && { tpm: flags.tpm }),
      },
      ...(flags.fault !== undefined && { fault: flags.fault }),
    },
  }
}

function recordingSettings(
  { record, to, replay, speed }: Flags,
  command: Command,
): Pick<Settings, "record" | "replay"> {
  if ((record === undefined) !== (to === undefined)) {
    command.error("error: options '--record <url>' and '--to <folder>' need each other")
  }
  if (speed !== undefined && replay === undefined) {
    command.error("error: option '--speed <factor>' needs '--replay <folder>'")
  }
  // Checked here, because the message of an argument parser would repeat credentials in the URL.
  if (record !== undefined && !isBaseUrl(record)) {
    command.error(
      "error: option '--record <url>': expected the http: or https: base URL of an API, without credentials and query",
    )
  }
  return {
    ...(record !== undefined && to !== undefined && { record: { upstream: record, folder: to } }),
    ...(replay !== undefined && { replay: { folder: replay, speed: speed ?? 1 } }),
  }
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && username + password + search + hash === ""
}

/** Returns the latency that the flags describe, if any. */
function latencyOf({ ttft, itl, tokensPerSecond, prefill }: LatencyFlags): { latency?: Latency } {
  const latency: Latency = {
    ...(ttft !== undefined && { ttft }),
    ...(itl !== undefined && { itl }),
    ...(tokensPerSecond !== undefined && { tokensPerSecond: Number(tokensPerSecond) }),
    ...(prefill !== undefined && { prefill: Number(prefill) }),
  }
  return Object.keys(latency).length === 0 ? {} : { latency }
}

/** Returns the key from the environment, which other users do not see in the process list; undefined when not set. */
function keysFromEnvironment(): string[] | undefined {
  const key = process.env["NEXHINA_MOCK_API_KEY"]
  if (key === "") console.error("warning: NEXHINA_MOCK_API_KEY is empty and counts as not set")
  return key ? [key] : undefined
}

function recordingOptions(): Option[] {
  return [
    new Option("--record <url>", "pass requests on to the API at this base URL and record them").conflicts([
      "replay",
      ...ofGeneratedReplies,
    ]),
    new Option("--to <folder>", "folder for the recordings, one file for each name in x-mock-recording"),
    new Option("--replay <folder>", "answer from recordings; a request without one is a 400").conflicts(
      ofGeneratedReplies,
    ),
    new Option(
      "--speed <factor>",
      "factor for recorded times: 0 at once, 0.5 in half of the time (default: 1)",
    ).argParser(toFactor),
  ]
}

/** Options that say what the mock generates or accepts, which have no meaning for the replies of a real API. */
const ofGeneratedReplies = [
  "apiKey",
  "auth",
  "callTools",
  "clock",
  "defect",
  "fault",
  "model",
  "profile",
  "rpm",
  "scenarios",
  "seed",
  "strict",
  "strictModels",
  "tokenizer",
  "tpm",
  "variant",
  ...Object.keys(latencyParameters),
]

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: it is the list of the options.
function createCommand(): Command {
  const command = new Command("nexhina-mock")
    .description("A deterministic offline mock server of the Nexhina gateway API.")
    .version(version)
    .addOption(
      new Option("--port <number>", "port to listen on; 0 selects a free one")
        .default(4010)
        .argParser(toPort),
    )
    .option("--host <address>", "address to listen on; 0.0.0.0 for all networks", "127.0.0.1")
    .addOption(
      new Option("--profile <name>", "API profile to serve")
        .choices(Object.keys(profiles))
        .default("nexhina"),
    )
    .addOption(new Option("--seed <number>", "seed for generated content").default(0).argParser(toSeed))
    .option(
      "--api-key <key...>",
      "API keys to accept (default: $NEXHINA_MOCK_API_KEY, else any that does not begin with sk-invalid)",
    )
    .addOption(new Option("--no-auth", "accept requests without a key").conflicts("apiKey"))
    .addOption(
      new Option("--model <id...>", "model ids to list in addition to the catalogue").default([], "none"),
    )
    .addOption(
      new Option("--strict-models", "reject model ids that are not listed").default(false, "serve every id"),
    )
    .addOption(
      new Option("--call-tools", "call tools when the request leaves the choice to the model").default(
        false,
        "only when the request requires a call",
      ),
    )
    .addOption(
      new Option("--clock <which>", "time stamps in replies: a fixed time, or the current time")
        .choices(["fixed", "real"])
        .default("fixed"),
    )
    .addOption(
      new Option(
        "--tokenizer <name>",
        "tokenizer for usage and limits: a fast approximation, or that of GPT-4o (needs the package gpt-tokenizer)",
      )
        .choices(["cheap", "o200k_base"])
        .default("cheap"),
    )
    .addOption(
      new Option(
        "--scenarios <path...>",
        "files and folders of scenarios, loaded again when they change",
      ).default([], "none"),
    )
    .addOption(
      new Option("--strict", "reject chat completions and responses without a scenario").default(
        false,
        "generate the reply",
      ),
    )
    .addOption(defectOption())
    .addOption(variantOption())
    .addOption(
      new Option("--log <form>", "request log, one line per request")
        .choices(["pretty", "json", "off"])
        .default("pretty"),
    )
    .addOption(
      new Option("--drain <seconds>", "seconds that open replies get to finish after SIGTERM or SIGINT")
        .default(5)
        .argParser(toSeconds),
    )
    .exitOverride()
    .showHelpAfterError("(run with --help for usage)")
  for (const option of [...latencyOptions(), ...quotaOptions(), faultOption(), ...recordingOptions()])
    command.addOption(option)
  return command
}

function latencyOptions(): Option[] {
  return Object.entries(latencyParameters).map(([name, { flag, says }]) => {
    const isNumber = name === "tokensPerSecond" || name === "prefill"
    const option = new Option(flag, says).argParser((text: string) => {
      readOrRefuse(() => latencyModel({ [name]: isNumber ? Number(text || "NaN") : text }))
      return text
    })
    return name === "tokensPerSecond" ? option.conflicts("itl") : option
  })
}

function quotaOptions(): Option[] {
  return (Object.keys(quotaKinds) as (keyof typeof quotaKinds)[]).map((name) => {
    const { flag, says } = quotaKinds[name]
    return new Option(flag, says).argParser((text: string) =>
      readOrRefuse(() => quotaOf(name, Number(text || "NaN"))),
    )
  })
}

function faultOption(): Option {
  return new Option(
    "--fault <timeline>",
    "cut or delay replies, or a fraction of them, such as 'after 2 events: stall 5s; then reset@0.1'",
  ).argParser((text: string) => {
    readOrRefuse(() => parseFault(text))
    return text
  })
}

/** Reads an argument. Turns the error of a wrong one into the message of the command line. */
function readOrRefuse<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new InvalidArgumentError(error.message)
  }
}

/** Commander would call it an argument too many. */
function refuseUnknownCommand(command: Command): void {
  const [name] = command.args
  if (name === undefined) return
  const known = command.commands.map((each) => each.name()).join(", ")
  command.error(
    `error: unknown command '${name}'. Known are ${known}. To start the mock, give options without a command.`,
  )
}

/** Adds the commands that work with scenarios. `choose` is called with the one that the arguments name. */
function addScenarioCommands(command: Command, choose: (chosen: ScenarioCommand) => void): void {
  // An option after a command's name belongs to that command.
  command
    .enablePositionalOptions()
    .allowExcessArguments()
    .action(() => refuseUnknownCommand(command))
  command
    .command("lint")
    .description("check files of scenarios; exit code 1 if there are problems")
    .argument("<file...>", "files and folders of scenarios")
    .action((files: readonly string[]) => choose({ name: "lint", files }))
  command
    .command("explain")
    .description("show which scenario answers a request, and why; exit code 1 if none does")
    .argument("<request>", "file of a request body (JSON), or - for standard input")
    // Not variadic: it would take the request for a file of scenarios.
    .requiredOption(
      "--scenarios <path>",
      "file or folder of scenarios; repeat it for more",
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option("--operation <id>", "operation of the request, such as createEmbedding (default: by its body)")
    .addOption(
      new Option("--header <line...>", "request headers, such as 'x-mock-scope: a'")
        .argParser(toHeaders)
        .default([], "none"),
    )
    .action((request: string, { scenarios, operation, header }: ExplainFlags) =>
      choose({ name: "explain", request, scenarios, headers: header, ...(operation && { operation }) }),
    )
}

interface ExplainFlags {
  readonly scenarios: readonly string[]
  readonly operation?: string
  readonly header: readonly Header[]
}

function toHeaders(line: string, before: readonly Header[]): readonly Header[] {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError("Expected 'NAME: VALUE'.")
  return [...before, [name, value]]
}

/** Adds the command that converts recordings. `choose` is called with it when the arguments name it. */
function addConvertCommand(command: Command, choose: (chosen: Conversion) => void): void {
  command
    .command("convert")
    .description("convert recordings: a transcript (.ndjson) into an HTTP Archive (.har), or the reverse")
    .argument("<input>", "file to read")
    .argument("<output>", "new file to write; credentials are replaced by asterisks")
    .action((input: string, output: string) => choose({ name: "convert", input, output }))
}

/** Adds the command that makes scenarios from recordings. `choose` is called with it when the arguments name it. */
function addDeriveCommand(command: Command, choose: (chosen: Derivation) => void): void {
  command
    .command("scenario")
    .description(
      "create scenarios from recordings; what a scenario cannot express becomes a comment or a warning",
    )
    .argument("<recording...>", "files (.ndjson, .har) and folders of recordings")
    .option("--out <file>", "new file to write (default: standard output)")
    .action((inputs: readonly string[], { out }: { readonly out?: string }) =>
      choose({ name: "scenario", inputs, ...(out !== undefined && { output: out }) }),
    )
}

function defectOption(): Option {
  return new Option(
    // Commander takes several values only where a letter precedes the dots.
    "--defect <id...>",
    "inject known defects into every response, or into a fraction of them (id@0.1)",
  )
    .argParser(toShares)
    .default([], "none")
}

function variantOption(): Option {
  return new Option(
    "--variant <id...>",
    "apply legal variants to every response, or to a fraction of them (id@0.1)",
  )
    .argParser(toShares)
    .default([], "none")
}

function toPort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65535)
    throw new InvalidArgumentError("Expected a number from 0 to 65535.")
  return port
}

function toSeconds(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || seconds > 86_400) {
    throw new InvalidArgumentError("Expected a number of seconds from 0 to 86400.")
  }
  return seconds
}

function toFactor(text: string): number {
  const factor = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || factor > 1000) {
    throw new InvalidArgumentError("Expected a number from 0 to 1000.")
  }
  return factor
}

function toSeed(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError("Expected an integer.")
  return Number(text)
}

function toShares(text: string, before: readonly Share[]): readonly Share[] {
  const [, id = text, rate = "1"] = /^(.+)@(.*)$/.exec(text) ?? []
  if (rate.trim() === "" || !(Number(rate) >= 0 && Number(rate) <= 1)) {
    throw new InvalidArgumentError("Expected an id, or ID@RATE with a rate from 0 to 1.")
  }
  return [...before, { id, rate: Number(rate) }]
}
