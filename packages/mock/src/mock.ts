import {
  createCompiler,
  type Endpoint,
  endpoints,
  isStreamed,
  type Profile,
  type ProfileName,
  profiles,
} from "@nexhina/schemas"
import { type Exchange, type Handle, headerOf, type MockRequest, type Reply } from "@nexhina/wire"
import { type AudioReader, createAudioReader } from "./audio/read-audio.ts"
import { requireValidOptions } from "./check-options.ts"
import { type Digest, digest } from "./content/random.ts"
import { cheapTokenizer, type Tokenizer, tokenizerOf } from "./content/tokens.ts"
import { createJournal, type JournalOptions } from "./journal/journal.ts"
import { requireKnownNames } from "./known-names.ts"
import { createLane, type SharedLane } from "./lane.ts"
import { limits } from "./limits.ts"
import { createMediaLibrary, type MediaLibrary, mediaPath } from "./media/media.ts"
import { createModels, type Models, sampleTime } from "./models.ts"
import { realTime } from "./real-time.ts"
import { Refusal } from "./refusal.ts"
import { replies } from "./replies/replies.ts"
import type { Responder } from "./replies/utterance/respond.ts"
import { type CacheKey, createReplyCache, type ReplyCache } from "./reply-cache.ts"
import type { GeneratedFile, GeneratedReply, ReplyMaker } from "./reply-maker.ts"
import { authenticate, type Keys } from "./request/authenticate.ts"
import { begin, type Context } from "./request/begin.ts"
import { decompressed } from "./request/decompress.ts"
import { isForm, readForm, readQuery } from "./request/form.ts"
import { refuseMisspelt } from "./request/headers.ts"
import { refusedByHost } from "./request/refused-by-host.ts"
import { basePath, createRouter, type MatchedRoute, type Router } from "./request/route.ts"
import { createSettings, type Settings, type SettingsControl } from "./request/settings.ts"
import { readJson, requireFewMembers, validate } from "./request/validate.ts"
import {
  type AlterationSource,
  type Alterations,
  createAlterations,
  namesAlteration,
  type StandingAlteration,
} from "./response/alterations.ts"
import { altered } from "./response/encode.ts"
import { type Outcome, shape } from "./response/shape.ts"
import type { ScenarioEffects } from "./scenarios/effects.ts"
import { withMembers } from "./scenarios/merge.ts"
import type { Scenario } from "./scenarios/scenario.ts"
import { createScenarios, type ScenarioControl, type Scenarios } from "./scenarios/scenarios.ts"
import { memoryStore, type Store } from "./store.ts"
import { type ChooseTiming, noTiming, timingChooser } from "./timing/choose.ts"
import { type Clocks, createClocks, type MockClock } from "./timing/clock.ts"
import { totalTokens } from "./timing/latency.ts"
import type { Latency } from "./timing/latency-model.ts"
import type { QuotaOptions } from "./timing/quota-kinds.ts"
import { createQuotas, type Quotas } from "./timing/quotas.ts"

/** Options of `createMock`. */
export interface MockOptions {
  /** API profile to serve. Default: `nexhina`. */
  readonly profile?: ProfileName
  /** Seed for generated content. Default: 0. */
  readonly seed?: number
  /** API keys to accept. Default: `any`, every key except those that begin with `sk-invalid`. */
  readonly keys?: Keys
  /** Model ids to list in addition to the catalogue, and to serve on every endpoint. Default: none. */
  readonly models?: readonly string[]
  /** Whether to refuse model ids that are not listed. Default: false, every id is served. */
  readonly strictModels?: boolean
  /**
   * Whether to call tools when the request leaves the choice to the model. Default: false, tools are called only when
   * `tool_choice` requires a call: an agent without approvals would run a call with generated arguments.
   */
  readonly callTools?: boolean
  /** Returns the time for the stamps of replies, in Unix seconds. Default: a fixed time, so that replies repeat byte for byte. */
  readonly clock?: () => number
  /**
   * Reads elapsed time in milliseconds, for quotas, video jobs and the expiry of the default store. Default: the time of
   * this machine, without its corrections.
   */
  readonly elapsed?: () => number
  /**
   * Defects and variants that requests can select by id, with `x-mock-defect` and `x-mock-variant`. A function loads them
   * for the first request that names one, or at `loadAlterations`. Default: none.
   */
  readonly alterations?: AlterationSource
  /** Alterations of every request, or of a fraction of them chosen by hash. Default: none. */
  readonly always?: readonly StandingAlteration[]
  /**
   * Splits a text into tokens, for usage, limits and log probabilities. The tokens concatenate to the text; a token that
   * ends inside a character is "". Default: a fast approximation of the tokenizers of real models.
   */
  readonly tokenizer?: (text: string) => readonly string[]
  /**
   * Asked in order for what the model says in chat completions and responses. Limits, stop sequences, tokens and usage
   * apply to their utterances too. Default: none, every utterance is generated.
   */
  readonly responders?: readonly Responder[]
  /** Latency of successful replies to POST requests, paced by the host. `x-mock-latency` replaces it. Default: none. */
  readonly latency?: Latency
  /**
   * Fault of every reply, or of a fraction of them, such as `after 2 events: stall 5s; then reset @0.1`. `x-mock-fault`
   * replaces it. Default: none.
   */
  readonly fault?: string
  /**
   * Requests and tokens per minute of each key and scope (`x-mock-scope`), counted for POST requests. Every reply to one
   * states them in `x-ratelimit-*` headers. `settings` replace them while the mock runs. Default: not limited.
   */
  readonly quotas?: QuotaOptions
  /**
   * Answers to requests that are recognised by their content. They are asked after `responders`. `createMock` throws a
   * `ScenarioError` when one of them is invalid or can never answer. Default: none.
   */
  readonly scenarios?: readonly Scenario[]
  /**
   * Whether a chat completion or a response without a scenario is refused with 400 `scenario_miss`, and a request of
   * another operation that a scenario names. Default: false, the reply is generated and its header `x-mock-miss`
   * describes the miss.
   */
  readonly strictScenarios?: boolean
  /**
   * Reads recordings. Default: a reader of its own, closed with the mock. Mocks that share one from `createAudioReader`
   * start its threads once; it is the caller's to close.
   */
  readonly audio?: AudioReader
  /** Storage for responses and video tasks. Default: in memory, limited to 32 MiB. */
  readonly store?: Store
  /** Limits of `exchanges`. Default: 1,000 exchanges and 8 MiB. */
  readonly journal?: JournalOptions
  /** Called with unexpected exceptions (bugs in the mock). The client receives a 500 without details. Default: ignored. */
  readonly onCrash?: (error: unknown) => void
}

/** The names of the options of `createMock`. */
export const mockOptionNames: readonly string[] = Object.keys({
  profile: true,
  seed: true,
  keys: true,
  models: true,
  strictModels: true,
  callTools: true,
  clock: true,
  elapsed: true,
  alterations: true,
  always: true,
  tokenizer: true,
  responders: true,
  latency: true,
  fault: true,
  quotas: true,
  scenarios: true,
  strictScenarios: true,
  audio: true,
  store: true,
  journal: true,
  onCrash: true,
} satisfies Record<keyof MockOptions, true>)

/** A mock server without a transport. The hosts `toNode`, `toFetch` and `toMsw` connect it to one. */
export interface Mock {
  /** Returns the reply to a request. Never rejects. */
  readonly handle: Handle
  /** The most recent exchanges, oldest first. They contain API keys as received. */
  readonly exchanges: readonly Exchange[]
  /** Virtual time: `advance` moves quotas, expiry and video jobs. */
  readonly clock: MockClock
  /** The scenarios in use and the counters of their faults. */
  readonly scenarios: ScenarioControl
  /** Latency, faults, defects, variants and quotas that are switched while the mock runs, for all requests or for a scope. */
  readonly settings: SettingsControl
  /**
   * Clears the store, the recorded exchanges, the quotas, the settings and the counters of faults, and takes back what
   * the clock was advanced.
   */
  reset(): Promise<void>
  /**
   * Clears the recorded exchanges, the quotas, the settings and the counters of faults of one scope: a value of
   * `x-mock-scope`, or "" for requests without one and the settings of all requests. The store and the clock are shared by
   * all scopes, and stay.
   */
  resetScope(scope: string): void
  /** Loads the alterations that an option gave as a function, before settings or scenarios name some of them. */
  loadAlterations(): Promise<void>
  /** Stops background threads. The mock must not be used afterwards. */
  close(): Promise<void>
}

/** Requests of one operation after which its schema is compiled: that takes as long as some thousand validations. */
const compileAfter = 2_000

/** What all requests of one mock share. */
interface Engine {
  readonly profile: Profile
  readonly models: Models
  readonly keys: Keys
  readonly clocks: Clocks
  readonly quotas: Quotas
  readonly tokenizer: Tokenizer
  readonly store: Store
  readonly media: MediaLibrary
  readonly audio: AudioReader
  readonly lane: SharedLane
  /** For requests with a content encoding. What they do in `lane` must not wait for themselves. */
  readonly encodedRequests: SharedLane
  readonly seed: Digest
  readonly callTools: boolean
  readonly responders: readonly Responder[]
  readonly scenarios: Scenarios
  readonly alterations: Alterations
  readonly chooseTiming: ChooseTiming
  readonly settings: Settings
  readonly route: Router
  readonly cache: ReplyCache
  /** Returns the schema of a request, compiled when it is used often. */
  readonly quick: ReturnType<typeof createCompiler>
}

/**
 * Creates a mock server. The same request gets the same reply, byte for byte, except for what `store` holds.
 * Throws a `TypeError` for an unknown option or one of a wrong type, when `always` names an id that `alterations` lacks,
 * or when `latency`, `fault` or `quotas` is invalid.
 */
export function createMock(options: MockOptions = {}): Mock {
  requireKnownNames(options, mockOptionNames, "option")
  return createKnownMock(options)
}

/** Creates a mock server like `createMock`, from options whose names have been checked. */
export function createKnownMock(options: MockOptions): Mock {
  requireValidOptions(options)
  const { onCrash = () => {} } = options
  const engine = createEngine(options)
  const journal = createJournal(options.journal)
  const clear = (scope?: string) => {
    journal.clear(scope)
    engine.settings.clear(scope)
    engine.scenarios.clearFaults(scope)
    engine.quotas.clear(scope)
  }
  async function handle(request: MockRequest): Promise<Reply> {
    const context = begin(request, engine.seed)
    try {
      return journal.record(request, shape(await answer(context, engine), context, engine.profile))
    } catch (error) {
      if (isAbort(error, request)) return giveUp(request)
      onCrash(error)
      // An alteration may be what crashed.
      context.alterations = []
      context.timing = noTiming
      return journal.record(request, shape(new Refusal(500), context, engine.profile))
    }
  }
  // A lane of its own: what a request does in the other one must not wait for itself.
  const hugeRequests = createLane()
  async function handleInTurn(request: MockRequest): Promise<Reply> {
    await engine.lane.of(request).turn()
    return handle(request)
  }
  async function handleLarge(request: MockRequest): Promise<Reply> {
    const isAlone = request.body.length > hugeBody && !isForm(headerOf(request.headers, "content-type"))
    try {
      if (isAlone) return await hugeRequests.of(request).run(() => handleInTurn(request))
      return await handleInTurn(request)
    } catch (error) {
      if (isAbort(error, request)) return giveUp(request)
      throw error
    }
  }
  function giveUp(request: MockRequest): Reply {
    journal.recordAborted(request)
    return noReply
  }
  return {
    handle: (request) => (request.body.length > largeBody ? handleLarge(request) : handle(request)),
    get exchanges() {
      return journal.read()
    },
    clock: engine.clocks,
    scenarios: engine.scenarios,
    settings: engine.settings,
    async reset() {
      clear()
      engine.clocks.reset()
      engine.cache.clear()
      await engine.store.clear()
    },
    resetScope: clear,
    loadAlterations: async () => engine.alterations.load(),
    close: async () => {
      if (options.audio === undefined) await engine.audio.close()
    },
  }
}

/** For a client that has left. The status never reaches it; logs of other servers use it for such a request. */
const noReply: Reply = {
  status: 499,
  headers: [],
  head: { atMs: 0, withheld: true },
  body: "",
  end: "early-close",
}

/** Returns whether work on a request ended because its client has left. */
function isAbort(error: unknown, { signal }: MockRequest): boolean {
  return signal?.aborted === true && error === signal.reason
}

function createEngine(options: MockOptions): Engine {
  const profile = profiles[options.profile ?? "nexhina"]
  const lane = createLane()
  const clocks = createClocks(
    options.clock ?? (() => sampleTime),
    options.elapsed ?? (() => performance.timeOrigin + realTime.now()),
  )
  const alterations = createAlterations(options.alterations ?? [], options.always ?? [])
  const chooseTiming = timingChooser(options)
  return {
    profile,
    route: createRouter(profile),
    cache: createReplyCache(),
    quick: createCompiler(compileAfter),
    models: createModels(options.models ?? [], options.strictModels ?? false, profile),
    keys: options.keys ?? "any",
    clocks,
    quotas: createQuotas(options.quotas ?? {}),
    tokenizer: options.tokenizer ? tokenizerOf(options.tokenizer) : cheapTokenizer,
    callTools: options.callTools ?? false,
    responders: options.responders ?? [],
    scenarios: createScenarios(options.scenarios ?? [], {
      strict: options.strictScenarios ?? false,
      alterations: alterations.known,
    }),
    store: options.store ?? memoryStore(() => clocks.sharedMs),
    lane,
    encodedRequests: createLane(),
    media: createMediaLibrary(),
    audio: options.audio ?? createAudioReader(),
    seed: digest(String(options.seed ?? 0)),
    alterations,
    chooseTiming,
    settings: createSettings((headers) => {
      chooseTiming(headers, noIdentity)
      alterations.choose(headers, noIdentity)
    }),
  }
}

/** For checks of headers that belong to no request. */
const noIdentity = digest("")

/** Returns the outcome of a request. Rejects only when there is a bug. */
async function answer(context: Context, engine: Engine): Promise<Outcome> {
  const { request, headers, path } = context
  try {
    refuseMisspelt(headers)
    const steered = engine.settings.appliedTo(headers)
    if (namesAlteration(steered)) await engine.alterations.load()
    context.alterations = engine.alterations.choose(steered, context.identity)
    context.timing = engine.chooseTiming(steered, context.identity)
    const refused = refusedByHost(request)
    if (refused !== undefined) throw refused
    const matched = path.startsWith(mediaPath) ? mediaRoute : engine.route(request.method, path)
    if (matched.kind === "unknown-path") {
      throw unknownUrl(request.method, path, engine.route)
    }
    if (matched.kind === "operation") {
      const encoding = headers["content-encoding"]
      if (encoding === undefined) return await serve(matched, context, engine)
      // One at a time: small bodies of many requests may be huge without their encoding.
      return await engine.encodedRequests.of(request).run(async () => {
        context.body = await decompressed(request.body, encoding)
        return serve(matched, context, engine)
      })
    }
    if (matched === mediaRoute && matched.allow.includes(request.method)) {
      return await engine.media.load(
        path.slice(mediaPath.length),
        new URLSearchParams(context.query),
        engine.lane.of(request),
      )
    }
    if (request.method === "OPTIONS") return { allow: matched.allow }
    throw wrongMethod(request.method, path, matched.allow)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

/** Returns the outcome of a request to an operation. */
async function serve(
  operation: Operation,
  context: Context,
  engine: Engine,
): Promise<GeneratedReply | GeneratedFile> {
  // Decoding and parsing a large body and replying to it take a while each: others are served in between.
  const lane = context.body.length > largeBody ? engine.lane.of(context.request) : undefined
  if (lane) await lane.turn()
  const parse = receive(operation, context, engine)
  const key = lane ? undefined : cacheKey(context, engine)
  const kept = key && engine.cache.find(key)
  if (kept) return charged(kept, context)
  if (lane) await lane.turn()
  const value = parse()
  if (lane) await lane.turn()
  const asked = validated(value, operation, context, engine)
  if (lane) await lane.turn()
  const made = operate(operation, asked, context, engine)
  // Most makers return at once, and awaiting a value still takes a turn.
  if (made instanceof Promise) return charged(await made, context)
  return charged(key && "value" in made ? engine.cache.keep(key, made) : made, context)
}

/** Returns the key of a request whose reply nothing steers; undefined for others. */
function cacheKey(context: Context, { responders, scenarios, clocks }: Engine): CacheKey | undefined {
  if (context.alterations.length > 0 || responders.length > 0 || !scenarios.isEmpty) return undefined
  const { id, body, headers, query } = context
  return { id, body, contentType: headers["content-type"], query, now: clocks.stamp() }
}

/** Returns a reply after its tokens are counted for the quotas of the client. */
function charged<Made extends GeneratedReply | GeneratedFile>(made: Made, { account }: Context): Made {
  if (account && "value" in made) account.charge(totalTokens(made.value))
  return made
}

/** Size of a body that is read and answered in turns of the event loop, in bytes (chosen). */
const largeBody = 2 ** 13

/** Size of a body that is handled alone, in bytes: reading it takes many times its memory (chosen). */
const hugeBody = 2 ** 20

const mediaRoute: MatchedRoute & { kind: "wrong-method" } = { kind: "wrong-method", allow: ["GET", "HEAD"] }

type Operation = Extract<MatchedRoute, { kind: "operation" }>

/** Authenticates a request, and returns the step that parses its body. */
function receive({ operationId }: Operation, context: Context, engine: Engine): () => unknown {
  context.situation.operationId = operationId
  const { authorization = "", "x-mock-scope": scope = "" } = context.headers
  authenticate(context.headers.authorization, engine.keys)
  if (context.request.method === "POST") {
    const owner = { key: authorization, scope }
    context.account = engine.quotas.take(owner, engine.clocks.sharedMs, engine.settings.quotasOf(scope))
  }
  return readValue(endpoints[operationId], context)
}

/** Calls the reply maker of an operation. */
function operate(
  { operationId, params }: Operation,
  request: unknown,
  context: Context,
  engine: Engine,
): GeneratedReply | GeneratedFile | Promise<GeneratedReply | GeneratedFile> {
  const endpoint: Endpoint = endpoints[operationId]
  const responders = respondersOf(operationId, request, context, engine)
  const scripted = context.scenario?.reply
  // Each maker receives the request of its own operation, which its contract validates here.
  const made = (replies[operationId] as ReplyMaker<never>)({
    request: request as never,
    params,
    query: endpoint.query && validate(readQuery(context.query, endpoint.query), endpoint.query, []),
    origin: context.origin,
    store: engine.store,
    media: engine.media,
    audio: engine.audio,
    lane: engine.lane.of(context.request),
    isLong: context.body.length > largeBody,
    profile: engine.profile,
    models: engine.models,
    tokenizer: engine.tokenizer,
    callTools: engine.callTools,
    responders,
    ...(scripted && { members: scripted.members }),
    now: engine.clocks.stamp(),
    elapsedMs: engine.clocks.sharedMs,
    seed: context.seed,
    id: context.id,
  })
  if (scripted === undefined) return made
  return Promise.resolve(made).then((reply) => withMembers(reply, scripted, { operationId, request }))
}

/** Returns the responders of a request: those of the mock, then its scenarios. */
function respondersOf(
  operationId: Operation["operationId"],
  body: unknown,
  context: Context,
  { responders, scenarios, alterations, chooseTiming }: Engine,
): readonly Responder[] {
  if (scenarios.isEmpty) return responders
  const { identity } = context
  const asked = {
    headers: context.request.headers,
    seed: context.seed,
    apply(effects: ScenarioEffects) {
      context.scenario = effects
      const { defects, variants, fault } = effects
      if (fault !== undefined && context.headers["x-mock-fault"] === undefined) {
        context.timing = { ...context.timing, fault: chooseTiming({ "x-mock-fault": fault }, identity).fault }
      }
      if (defects.length + variants.length === 0) return
      const named = { "x-mock-defect": defects.join(), "x-mock-variant": variants.join() }
      const standing = alterations.choose({}, identity).length
      context.alterations = [...context.alterations, ...alterations.choose(named, identity).slice(standing)]
    },
  }
  scenarios.intercept(operationId, body, asked)
  return [...responders, scenarios.responder(asked)]
}

/** Returns the step that parses the body; it returns `undefined` if the operation has no request body. */
function readValue(endpoint: Endpoint, context: Context): () => unknown {
  if (!endpoint.request) return () => undefined
  const { mediaType, orForm, schema } = endpoint.request
  const contentType = context.headers["content-type"]
  const { body } = context
  return mediaType === "application/json" && !(orForm && isForm(contentType))
    ? readJson(body, contentType)
    : () => readForm(body, contentType, schema)
}

/** Returns a parsed body once it is validated, after the alterations of the stage `request`. */
function validated(value: unknown, { operationId }: Operation, context: Context, { quick }: Engine): unknown {
  const endpoint: Endpoint = endpoints[operationId]
  if (!endpoint.request) return undefined
  const { schema } = endpoint.request
  // So many objects need a body of several bytes for each.
  if (context.body.length > 2 * limits.arrayObjects.max) requireFewMembers(value)
  context.situation.request = value
  context.situation.streaming = asksForStream(value, endpoint)
  const request = validate(value, quick(schema), endpoint.checks)
  return altered("request", request, context.alterations, context.situation)
}

function unknownUrl(method: string, path: string, route: Router): Refusal {
  const isBelow = route(method, basePath + path).kind !== "unknown-path"
  const hint = isBelow ? `. Did you mean ${basePath}${path}? The base URL ends in ${basePath}.` : ""
  return new Refusal(404, { message: `Invalid URL (${method} ${path})${hint}`, code: "unknown_url" })
}

function wrongMethod(method: string, path: string, allow: readonly string[]): Refusal {
  return new Refusal(405, {
    message: `Method ${method} is not allowed for ${path}. Use ${allow.join(", ")}.`,
    headers: [["allow", allow.join(", ")]],
  })
}

function asksForStream(body: unknown, endpoint: Endpoint): boolean {
  if (typeof body !== "object" || body === null || !("stream" in body) || body.stream !== true) return false
  return isStreamed(endpoint)
}
