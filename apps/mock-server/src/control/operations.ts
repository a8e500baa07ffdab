import type { IncomingMessage } from "node:http"
import { quotaKinds, type ScopeSettings } from "@nexhina/mock"
import { expectationOf } from "@nexhina/wire"
import { z } from "zod"
import type { Controlled } from "./control.ts"
import { controlDocument } from "./document.ts"
import { scopeOf, shown } from "./journal.ts"
import { type ControlReply, refused } from "./reply.ts"

/** A request to the control API. */
interface ControlRequest {
  /** Path below `/__mock/api/`. */
  readonly name: string
  readonly method: string
  readonly query: URLSearchParams
  readonly request: IncomingMessage
}

/** An operation of the control API: its description, its schemas, and what it does. */
export interface ControlOperation {
  readonly summary: string
  /** Schema of the query. Default: no parameters. */
  readonly query?: z.ZodObject
  /** Schema of the JSON body, or "text" for a file. Default: no body. */
  readonly body?: z.ZodType | "text"
  readonly reply: z.ZodType
  /** What it steers that only the mock has: it is refused where recordings or another API answer. */
  readonly steers?: "scenarios" | "settings" | "the clock"
  run(controlled: Controlled, body: never, query: never): ControlReply | Promise<ControlReply>
}

const scope = z.string().describe("Value of the request header `x-mock-scope`.")
const header = (name: string) => `As the value of the request header \`x-mock-${name}\`.`

const quota = (name: keyof typeof quotaKinds) =>
  z
    .union([z.int().min(1).max(1_000_000_000), z.literal("none")])
    .optional()
    .describe(
      `Maximum ${quotaKinds[name].header} per minute of each key and scope. \`none\` switches the quota off.`,
    )

const Settings = z.strictObject({
  scope: scope.optional().describe("Value of `x-mock-scope`. Default: requests of every scope."),
  latency: z
    .string()
    .optional()
    .describe(`${header("latency")} Example: \`ttft=200,itl=20\`.`),
  fault: z
    .string()
    .optional()
    .describe(`${header("fault")} Example: \`after 2 events: reset\`.`),
  defect: z
    .string()
    .optional()
    .describe(`${header("defect")} Example: \`sse-double-done@0.1\`.`),
  variant: z.string().optional().describe(header("variant")),
  rpm: quota("rpm"),
  tpm: quota("tpm"),
})
const FaultCount = z.object({
  scope: z.string(),
  scenario: z.string(),
  count: z.int().describe("How often the scenario has failed in this scope."),
  times: z.int().describe("How often it fails before its answer is given."),
})
const headers = z.array(z.tuple([z.string(), z.string()]))
const body = z.string().describe("Text, or `base64:` and the bytes when it is not text.")
const ShownExchange = z.object({
  id: z.string(),
  request: z.object({ method: z.string(), target: z.string(), headers, body }),
  response: z.object({ status: z.int(), headers, body }).optional(),
  end: z.string().describe("How the reply ended: `complete`, `truncated`, `timeout` or `network`."),
})
const Scope = z.object({
  scope: z.string(),
  requests: z.int().describe("Number of requests in the journal."),
  failures: z.int().describe("Number of failures that the counters hold."),
})
const Clock = z.object({
  elapsedMs: z.number().describe("Milliseconds since the mock was created, including what was advanced."),
})
const Advance = z.strictObject({
  advanceMs: z.number().min(0).max(1e12).describe("Milliseconds to move the clock forward."),
})
const JournalQuery = z.strictObject({
  scope: scope.optional().describe("Only requests of this scope. Default: all."),
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe("The most recent exchanges."),
})
const ClearQuery = z.strictObject({
  scope: scope.optional().describe("Only this scope; empty for requests without one. Default: every scope."),
})
type ClearQuery = z.infer<typeof ClearQuery>
const SettingsList = z.object({ settings: z.array(Settings) })

const journalOf = ({ mock, replay }: Controlled) => (replay ?? mock).exchanges

/** Loaded when it is needed: it brings the parser of YAML. */
const scenarios = () => import("./scenarios.ts")

function operation<Body, Query>(
  given: Omit<ControlOperation, "run" | "body" | "query"> & {
    readonly body?: z.ZodType<Body> | "text"
    readonly query?: z.ZodObject & z.ZodType<Query>
    run(controlled: Controlled, body: Body, query: Query): ControlReply | Promise<ControlReply>
  },
): ControlOperation {
  return given
}

/** The operations of the control API, by path and method. Validation, replies and its OpenAPI document derive from them. */
const operations: Readonly<Record<string, Readonly<Record<string, ControlOperation>>>> = {
  ready: {
    GET: operation({
      summary: "Answers as soon as the server accepts requests.",
      reply: z.object({ ready: z.literal(true) }),
      run: () => [200, { ready: true }],
    }),
  },
  "openapi.json": {
    GET: operation({
      summary: "Returns this document.",
      reply: z.looseObject({ openapi: z.string() }),
      run: () => [200, controlDocument(operations)],
    }),
  },
  scenarios: {
    GET: operation({
      summary: "Returns the scenarios in use and the counters of their failures.",
      reply: z.object({ scenarios: z.array(z.looseObject({})), faults: z.array(FaultCount) }),
      run: async (controlled) => (await scenarios()).readControl(controlled),
    }),
    PUT: operation<string, unknown>({
      summary: "Replaces all scenarios by those of a file in YAML or JSON.",
      body: "text",
      steers: "scenarios",
      reply: z.object({ loaded: z.int() }),
      run: async (controlled, text) => (await scenarios()).replaceControl(controlled, text),
    }),
  },
  faults: {
    GET: operation({
      summary: "Returns the counters of scenarios with `fail`.",
      reply: z.object({ faults: z.array(FaultCount) }),
      run: ({ mock }) => [200, { faults: mock.scenarios.faults }],
    }),
    DELETE: operation<unknown, ClearQuery>({
      summary: "Clears the counters, so that scenarios with `fail` fail again.",
      query: ClearQuery,
      reply: z.object({ faults: z.array(FaultCount) }),
      run({ mock }, _, { scope }) {
        mock.scenarios.clearFaults(scope)
        return [200, { faults: mock.scenarios.faults }]
      },
    }),
  },
  settings: {
    GET: operation({
      summary: "Returns the settings of time and trouble, by scope.",
      reply: SettingsList,
      run: ({ mock }) => [200, { settings: mock.settings.list }],
    }),
    PUT: operation<ScopeSettings, unknown>({
      summary: "Replaces the settings of a scope, or of all requests. Without a member they are removed.",
      body: Settings,
      steers: "settings",
      reply: SettingsList,
      run({ mock }, settings) {
        mock.settings.set(settings)
        return [200, { settings: mock.settings.list }]
      },
    }),
    DELETE: operation<unknown, ClearQuery>({
      summary: "Removes the settings of every scope, or of one.",
      query: ClearQuery,
      reply: SettingsList,
      run({ mock }, _, { scope }) {
        mock.settings.clear(scope)
        return [200, { settings: mock.settings.list }]
      },
    }),
  },
  scopes: {
    GET: operation({
      summary: "Returns the scopes that requests, counters or settings have.",
      reply: z.object({ scopes: z.array(Scope) }),
      run: (controlled) => [200, { scopes: scopesOf(controlled) }],
    }),
  },
  clock: {
    GET: operation({
      summary: "Returns the elapsed time of the mock.",
      reply: Clock,
      run: ({ mock }) => [200, { elapsedMs: mock.clock.elapsedMs }],
    }),
    POST: operation<z.infer<typeof Advance>, unknown>({
      summary: "Moves the clock forward: video tasks, quotas and expiry follow.",
      body: Advance,
      steers: "the clock",
      reply: Clock,
      run({ mock }, { advanceMs }) {
        mock.clock.advance(advanceMs)
        return [200, { elapsedMs: mock.clock.elapsedMs }]
      },
    }),
  },
  journal: {
    GET: operation<unknown, z.infer<typeof JournalQuery>>({
      summary: "Returns the most recent requests and replies, oldest first, without keys.",
      query: JournalQuery,
      reply: z.object({ exchanges: z.array(ShownExchange) }),
      run(controlled, _, { scope, limit }) {
        const found = journalOf(controlled).filter((each) => scope === undefined || scopeOf(each) === scope)
        return [200, { exchanges: shown(found.slice(-limit)) }]
      },
    }),
  },
  reset: {
    POST: operation<unknown, ClearQuery>({
      summary:
        "Clears the journal, the counters of failures and quotas, the settings, stored responses and videos, and sets " +
        "the clock back. With `scope`, stored responses, videos and the clock stay: all scopes share them.",
      query: ClearQuery,
      reply: z.object({ reset: z.literal(true) }),
      async run({ mock, replay }, _, { scope }) {
        if (scope === undefined) {
          await mock.reset()
          await replay?.reset()
        } else {
          mock.resetScope(scope)
          replay?.resetScope(scope)
        }
        return [200, { reset: true }]
      },
    }),
  },
}

function scopesOf(controlled: Controlled): z.infer<typeof Scope>[] {
  const { scenarios, settings } = controlled.mock
  const scopes = new Map<string, z.infer<typeof Scope>>()
  const at = (scope: string) => {
    const known = scopes.get(scope) ?? { scope, requests: 0, failures: 0 }
    scopes.set(scope, known)
    return known
  }
  for (const exchange of journalOf(controlled)) at(scopeOf(exchange)).requests++
  for (const { scope, count } of scenarios.faults) at(scope).failures += count
  for (const { scope = "" } of settings.list) at(scope)
  return [...scopes.values()]
}

/** Maximum size of a body, in bytes (chosen). */
const maxBytes = 2 ** 25

/** Runs the operation of a request, or refuses it. */
export async function operate(asked: ControlRequest, controlled: Controlled): Promise<ControlReply> {
  const { name, method, query, request } = asked
  const paths = Object.keys(operations).map((path) => `/__mock/api/${path}`)
  if (!Object.hasOwn(operations, name)) {
    return refused(404, `Unknown control path. Known paths: ${paths.join(", ")}.`)
  }
  const methods = operations[name] ?? {}
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (found === undefined) {
    const known = Object.keys(methods)
    const [status, value] = refused(405, `This control path takes ${known.join(" and ")}.`)
    return [status, value, { allow: known.join(", ") }]
  }
  const what = idle(found, controlled)
  if (what !== undefined) return refused(400, what)
  const schema = found.query ?? z.strictObject({})
  const parameters = schema.safeParse(Object.fromEntries(query))
  if (!parameters.success) return invalid(parameters.error, schema)
  const text = await bodyOf(request)
  if (text === undefined) return refused(413, `The body is larger than ${maxBytes} bytes.`)
  // Some clients send `{}` with every POST.
  if (found.body === undefined && !/^\s*(?:\{\s*\})?\s*$/.test(text)) return refusedBody(asked, schema)
  const body = found.body === undefined || found.body === "text" ? text : readBody(text, found.body)
  if (body instanceof z.ZodError) return invalid(body, found.body)
  if (body === malformed) return refused(400, "The body is not valid JSON.")
  try {
    // Settings and scenarios name defects and variants.
    await controlled.mock.loadAlterations()
    // Both have been validated by the schemas of the operation.
    return await found.run(controlled, body as never, parameters.data as never)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return refused(400, error.message, /^Invalid setting '(\w+)'/.exec(error.message)?.[1])
  }
}

const malformed = Symbol("malformed")

function readBody(text: string, schema: z.ZodType): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return malformed
  }
  const { data, error } = schema.safeParse(value)
  return error ?? data
}

/** Returns why an operation would have no effect; undefined if it has one. */
function idle({ steers }: ControlOperation, { replay, isRecording }: Controlled): string | undefined {
  if (steers === undefined) return undefined
  if (replay) return `With --replay, recordings answer, and ${steers} would have no effect.`
  return isRecording ? `With --record, another API answers, and ${steers} would have no effect.` : undefined
}

/** Refuses a body that would be ignored, such as a scope that belongs into the query. */
function refusedBody({ name, method }: ControlRequest, { shape }: z.ZodObject): ControlReply {
  const [parameter] = Object.keys(shape)
  const hint = parameter === undefined ? "" : ` Give '${parameter}' in the query: ?${parameter}=…`
  return refused(400, `${method} /__mock/api/${name} does not take a body.${hint}`)
}

function invalid({ issues }: z.ZodError, schema: unknown): ControlReply {
  // A misspelt member also makes the one that is meant missing.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]
  const key = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined
  const place = key ?? issue?.path.join(".")
  const names = key !== undefined && schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  const hint =
    names.length === 0
      ? ""
      : ` Expected ${names.length > 1 ? "one of " : ""}${names.map((name) => `'${name}'`).join(", ")}.`
  const what = key !== undefined ? "unknown member" : issue && expectationOf(issue)
  return refused(400, `Invalid '${place || "body"}': ${what}.${hint}`, place || null)
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
