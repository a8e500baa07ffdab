import { validateHeaderName, validateHeaderValue } from "node:http"
import {
  type ModelKind,
  type ProfileName,
  profiles,
  type Surface,
  surfaces,
  type Trait,
  traits,
} from "@nexhina/schemas"
import { expectationOf, type Header, headerOf } from "@nexhina/wire"
import { z } from "zod"
import { reports } from "../reports/reports.ts"
import { nearestName } from "./nearest-name.ts"

const text = z.string().min(1)

/** A number: in the configuration file itself or, as on the command line, its text. */
export const numberOf = <T extends z.ZodType<number>>(number: T) =>
  z.preprocess((value) => (typeof value === "string" && value.trim() !== "" ? Number(value) : value), number)

const count = numberOf(z.int().min(1))
/** Longest duration that an option accepts, in seconds: a week, which a timer of Node can still hold. */
const maxSeconds = 604_800
/** Maximum number of generated samples for each rule: more are drawn than fit into memory. */
const maxRuns = 1000
const seconds = numberOf(z.number().positive().max(maxSeconds))
const flag = z.boolean()

/** A list: repeated on the command line, comma-separated, or a list in the configuration file. */
const listOf = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) =>
      (Array.isArray(value) ? value : [value]).flatMap((each) =>
        typeof each === "string" ? each.split(",").map((part) => part.trim()) : each,
      ),
    z.array(item),
  )

const keysOf = <T extends object>(object: T) =>
  Object.keys(object) as [keyof T & string, ...(keyof T & string)[]]

/** Headers that frame a request: with another value, a server waits for a body or reads a wrong one. */
const framing: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "expect", "upgrade"])

const headers = z.preprocess(
  (value) => (Array.isArray(value) ? value : [value]),
  z.array(
    z.string().transform((line, context): Header => {
      const colon = line.indexOf(":")
      if (colon < 1) {
        context.addIssue({ code: "custom", message: "Expected 'Name: value'" })
        return z.NEVER
      }
      const header: Header = [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
      try {
        validateHeaderName(header[0])
        validateHeaderValue(...header)
      } catch {
        context.addIssue({
          code: "custom",
          message:
            "Expected 'Name: value': a name of letters, digits and hyphens, a value without line breaks or control characters",
        })
        return z.NEVER
      }
      if (!framing.has(header[0].toLowerCase())) return header
      context.addIssue({
        code: "custom",
        message: `Expected a header other than ${[...framing].join(", ")}, which HTTP sets for each request`,
      })
      return z.NEVER
    }),
  ),
)

const baseUrl = z.string().transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const issue = (message: string) => {
    context.addIssue({ code: "custom", message })
    return z.NEVER
  }
  if (!url || !/^https?:$/.test(url.protocol) || !/^https?:\/\//i.test(value)) {
    return issue("Expected an http or https URL with a valid host and port, such as http://127.0.0.1:4010/v1")
  }
  if (`${url.username}${url.password}${url.search}${url.hash}` !== "") {
    return issue(
      "Expected a URL without user, query or fragment; a credential goes into --api-key or --header",
    )
  }
  return value.replace(/\/+$/, "")
})

/** One of several parts of a run. */
export interface Shard {
  /** From 1. */
  readonly index: number
  readonly count: number
}

/** Maximum number of parts of a run. */
const maxShards = 9999

const shard = z.string().transform((value, context): Shard => {
  const [index = 0, count = 0] = (/^(\d{1,9})\/(\d{1,9})$/.exec(value) ?? []).slice(1).map(Number)
  if (index >= 1 && index <= count && count <= maxShards) return { index, count }
  context.addIssue({
    code: "custom",
    message: `Expected I/N, such as 2/4: part I of at most ${maxShards} parts`,
  })
  return z.NEVER
})

/** A report to write. */
export interface ReportRequest {
  readonly format: keyof typeof reports
  /** Where to write it; standard output when absent. */
  readonly file?: string
}

const reportRequests = z.preprocess(
  (value) => (Array.isArray(value) ? value : [value]),
  z.array(
    z.string().transform((value, context): ReportRequest => {
      const [format = "", ...rest] = value.split("=")
      if (!Object.hasOwn(reports, format)) {
        context.addIssue({
          code: "custom",
          message: `Expected one of ${keysOf(reports).join(", ")}, each with =FILE if wanted`,
        })
        return z.NEVER
      }
      const file = rest.join("=")
      if (file === "" && rest.length > 0) {
        const message = `Expected a file after '${format}=', or '${format}' alone for standard output`
        context.addIssue({ code: "custom", message })
        return z.NEVER
      }
      return { format: format as keyof typeof reports, ...(file && { file }) }
    }),
  ),
)

/** An option of a command. */
export interface Option {
  /** As commander takes it; `...` marks an option that may be given again. */
  readonly flag: string
  readonly says: string
  readonly schema: z.ZodType
  /** Its value may hold a secret: no message repeats it. */
  readonly secret?: true
}

/** The surfaces of which one request may cost as much as a thousand chats. */
const costly: readonly Surface[] = ["images", "audio", "video"]

/** The surfaces to check when nothing is said of them. */
export const usualSurfaces: readonly Surface[] = surfaces.filter((surface) => !costly.includes(surface))

const modelOption = (kind: ModelKind) => ({
  flag: `--${kind}-model <id>`,
  says: `${kind} model (default: the first listed ${kind} model)`,
  schema: text,
})

const defaults = {
  profile: "nexhina",
  voice: "alloy",
  seed: 1,
  runs: 10,
  maxRequests: 5000,
  maxOutputTokens: 64,
  maxTime: 900,
  concurrency: 4,
  timeout: 60,
} as const

/** The options of `run`: flags of the command line, and by their names the members of the configuration file. */
export const runOptions = {
  baseUrl: {
    flag: "--base-url <url>",
    says: "base URL of the server to check, including /v1 (default: starts the built-in mock server)",
    schema: baseUrl,
    secret: true,
  },
  apiKey: {
    flag: "--api-key <key>",
    says: "API key to send (default: $NEXHINA_API_KEY)",
    schema: z
      .string()
      .regex(/^[\x21-\x7e]+$/, "Expected a key of visible ASCII characters, without spaces and line breaks"),
    secret: true,
  },
  header: {
    flag: "--header <header...>",
    says: "extra header for every request, as 'Name: value'",
    schema: headers,
    secret: true,
  },
  caCert: {
    flag: "--ca-cert <file>",
    says: "PEM file of a certificate authority to trust instead of Node's defaults",
    schema: text,
  },
  wait: {
    flag: "--wait <s>",
    says: "wait up to this many seconds while the target cannot be reached or answers 502, 503 or 504 (default: do not wait)",
    schema: seconds,
  },
  profile: {
    flag: "--profile <name>",
    says: `profile to judge by: ${keysOf(profiles).join(" or ")} (default: ${defaults.profile})`,
    schema: z.enum(keysOf(profiles)).default(defaults.profile satisfies ProfileName),
  },
  trait: {
    flag: "--trait <name...>",
    says: `known deviations of the target that are not findings: ${keysOf(traits).join(", ")}`,
    schema: listOf(z.enum(keysOf(traits))).default([] satisfies Trait[]),
  },
  model: { flag: "--model <id>", says: "chat model (default: the first listed chat model)", schema: text },
  embeddingModel: modelOption("embedding"),
  moderationModel: modelOption("moderation"),
  imageModel: modelOption("image"),
  speechModel: modelOption("speech"),
  transcriptionModel: modelOption("transcription"),
  videoModel: modelOption("video"),
  rerankModel: modelOption("rerank"),
  voice: {
    flag: "--voice <name>",
    says: `voice of speech requests (default: ${defaults.voice})`,
    schema: text.default(defaults.voice),
  },
  quick: {
    flag: "--quick",
    says: "run only the most important fixed probes: at most 30 requests, and more only to confirm findings",
    schema: flag.default(false),
  },
  include: {
    flag: "--include <surface...>",
    says: `surfaces to check: ${surfaces.join(", ")}, or all (default: all except ${costly.join(", ")}, which are expensive; all for the built-in mock server)`,
    schema: listOf(z.enum([...surfaces, "all"])).transform((names) =>
      surfaces.filter((surface) => names.includes(surface) || names.includes("all")),
    ),
  },
  require: {
    flag: "--require <surface...>",
    says: "surfaces that the target must offer (default: none)",
    schema: listOf(z.enum(surfaces)).default([]),
  },
  rule: {
    flag: "--rule <glob...>",
    says: "run only rules whose id matches, for example 'stream.*'",
    schema: listOf(text).default(["*"]),
  },
  skip: { flag: "--skip <glob...>", says: "skip rules whose id matches", schema: listOf(text).default([]) },
  seed: {
    flag: "--seed <n>",
    says: `seed for generated requests (default: ${defaults.seed})`,
    schema: numberOf(z.int()).default(defaults.seed),
  },
  runs: {
    flag: "--runs <n>",
    says: `generated samples for each rule that generates requests, at most ${maxRuns} (default: ${defaults.runs})`,
    schema: numberOf(z.int().min(1).max(maxRuns)).default(defaults.runs),
  },
  deterministic: {
    flag: "--deterministic",
    says: "treat the target as deterministic: the same request must get the same reply",
    schema: flag.default(false),
  },
  maxRequests: {
    flag: "--max-requests <n>",
    says: `maximum number of requests (default: ${defaults.maxRequests})`,
    schema: count.default(defaults.maxRequests),
  },
  maxOutputTokens: {
    flag: "--max-output-tokens <n>",
    says: `maximum tokens of one generated reply (default: ${defaults.maxOutputTokens})`,
    schema: count.default(defaults.maxOutputTokens),
  },
  oversizedBody: {
    flag: "--oversized-body <MiB>",
    says: "size of a request body that the target must reject, in MiB (default: not tested)",
    schema: numberOf(z.number().positive().max(1024)),
  },
  maxTime: {
    flag: "--max-time <s>",
    says: `maximum duration of the run, in seconds (default: ${defaults.maxTime})`,
    schema: seconds.default(defaults.maxTime),
  },
  rate: {
    flag: "--rate <n>",
    says: "maximum requests per second (default: no limit)",
    schema: numberOf(z.number().positive()),
  },
  concurrency: {
    flag: "--concurrency <n>",
    says: `number of concurrent requests (default: ${defaults.concurrency})`,
    schema: count.default(defaults.concurrency),
  },
  timeout: {
    flag: "--timeout <s>",
    says: `seconds without a byte after which a request fails; two and a half times as many in total (default: ${defaults.timeout})`,
    schema: seconds.default(defaults.timeout),
  },
  shard: {
    flag: "--shard <i/n>",
    says: "send only the i-th of n equal parts of the samples; 'merge' judges the transcripts of all parts as one run",
    schema: shard,
  },
  dryRun: {
    flag: "--dry-run",
    says: "print the number of requests by surface without sending any",
    schema: flag.default(false),
  },
  strict: { flag: "--strict", says: "fail the run on SHOULD findings too", schema: flag.default(false) },
  requirements: {
    flag: "--requirements <date>",
    says: "check only the rules that were in force in a month or on a day, such as 2026-11 (default: all)",
    schema: z
      .string()
      .regex(
        /^\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$/,
        "Expected a month or a day, such as 2026-11",
      ),
  },
  baseline: {
    flag: "--baseline <file>",
    says: "YAML or JSON file of known findings, which do not fail the run; stale and expired entries do",
    schema: text,
  },
  updateBaseline: {
    flag: "--update-baseline",
    says: "add new findings to the baseline and remove stale entries, before the result is decided",
    schema: flag.default(false),
  },
  transcript: {
    flag: "--transcript <file>",
    says: "write every exchange to an NDJSON file, with secrets redacted",
    schema: text,
  },
  bundle: {
    flag: "--bundle <file>",
    says: "write the report and the transcript into one file that 'check' judges again anywhere",
    schema: text,
  },
  report: {
    flag: "--report <format...>",
    says: `report format: ${keysOf(reports).join(", ")}, as FORMAT or FORMAT=FILE; only console and github can be printed together (default: console)`,
    schema: reportRequests.default([{ format: "console" }]),
  },
} as const satisfies Record<string, Option>
export type OptionName = keyof typeof runOptions

/** A wrong option or configuration member; the message names it and the remedy. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

/** The values of some options, by name. */
export type ParsedOptions<Options extends Readonly<Record<string, Option>>> = {
  readonly [Name in keyof Options]: undefined extends z.input<Options[Name]["schema"]>
    ? z.output<Options[Name]["schema"]>
    : z.output<Options[Name]["schema"]> | undefined
}

export type Settings = ParsedOptions<typeof runOptions>

/** Throws a `UsageError` when an object has a member that is not known; it suggests the one that is likely meant. */
function requireKnown(
  where: string,
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const nearest = nearestName(unknown, known)
  const hint = nearest === undefined ? `known are ${known.join(", ")}` : `did you mean '${nearest}'?`
  throw new UsageError(`${where} '${unknown}'; ${hint}`)
}

/**
 * Joins the command line and the configuration file (the command line wins) and checks every member.
 * @throws {UsageError} naming the first member that is wrong.
 */
export const settingsOf = (
  flags: Readonly<Record<string, unknown>>,
  file: Readonly<Record<string, unknown>> = {},
): Settings => withOneKey(parsedOptions(runOptions, flags, file))

/** Returns the settings; a request with two `Authorization` headers says nothing about how the target treats keys. */
function withOneKey(settings: Settings): Settings {
  if (settings.apiKey !== undefined && headerOf(settings.header ?? [], "authorization") !== undefined)
    throw new UsageError(
      "--header: an Authorization header and an API key (--api-key or $NEXHINA_API_KEY) exclude each other; leave one out",
    )
  return settings
}

/** Returns a value as JSON; a number that JSON lacks by its name. */
const shownValue = (given: unknown): string =>
  typeof given === "number" ? String(given) : JSON.stringify(given)

const firstExpectation = ({ issues: [issue] }: z.ZodError): string =>
  issue ? expectationOf(issue) : "not valid"

/**
 * Does the same for the options of any command: the file may contain every option of `run`, and for editors the address
 * of its JSON Schema as `$schema`.
 */
export function parsedOptions<Options extends Readonly<Record<string, Option>>>(
  options: Options,
  flags: Readonly<Record<string, unknown>>,
  { $schema, ...file }: Readonly<Record<string, unknown>>,
): ParsedOptions<Options> {
  if ($schema !== undefined && typeof $schema !== "string")
    throw new UsageError("configuration: $schema: expected the address of a JSON Schema")
  requireKnown("unknown option", flags, Object.keys(options))
  requireKnown("configuration: unknown member", file, Object.keys({ ...runOptions, ...options }))
  return Object.fromEntries(
    Object.entries(options).map(([name, { schema, flag: spelling, secret }]) => {
      const fromFlag = flags[name] !== undefined
      const given = fromFlag ? flags[name] : file[name]
      const parsed = (given === undefined ? schema.optional() : schema).safeParse(given)
      if (parsed.success) return [name, parsed.data]
      // A shell gives the values of a list one by one.
      const values = fromFlag && Array.isArray(given) ? given : [given]
      const shown = secret ? "" : `, got ${values.map(shownValue).join(" ")}`
      const where = fromFlag ? spelling.split(" ")[0] : `configuration: ${name}`
      throw new UsageError(`${where}: ${firstExpectation(parsed.error)}${shown}`)
    }),
  ) as ParsedOptions<Options>
}

/** Whether a rule's id matches a pattern in which `*` stands for anything. */
export function matches(pattern: string, id: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(id)
}
