import {
  type Endpoint,
  endpoints,
  isStreamed,
  type Profile,
  type ProfileName,
  profiles,
} from "@nexhina/schemas"
import type { Answer, Ask, Header, NamedAlteration, Reply, Situation } from "@nexhina/wire"
import { digest, digestText } from "./content/random.ts"
import { cheapTokenizer, tokenizerOf } from "./content/tokens.ts"
import { media, mediaPath } from "./media/media.ts"
import { createModels, sampleTime } from "./models.ts"
import { envelope, Refusal } from "./refusal.ts"
import { replies } from "./replies/replies.ts"
import type { Made, MadeFile, ReplyMaker } from "./reply-maker.ts"
import { authenticate, type Keys } from "./request/authenticate.ts"
import { isForm, readForm, readQuery } from "./request/form.ts"
import { type KnownHeaders, readable, readHeaders, requestId } from "./request/headers.ts"
import { type Found, route } from "./request/route.ts"
import { readJson, validate } from "./request/validate.ts"
import { type Always, alterationChooser } from "./response/alterations.ts"
import { altered, corsHeaders, respond } from "./response/encode.ts"
import { memoryStore, type Store } from "./store.ts"

export interface MockOptions {
  /** The dialect to speak. Default: `nexhina`. */
  readonly profile?: ProfileName
  /** Another seed gives other content. Default: 0. */
  readonly seed?: number
  /** Default: `any`. */
  readonly keys?: Keys
  /** Ids served besides those of the catalogue, for every endpoint. Default: none. */
  readonly models?: readonly string[]
  /** Whether every model id is served, listed or not. Default: false. */
  readonly anyModel?: boolean
  /** Unix seconds for the stamps of replies. Default: one time for ever, so that replies repeat byte for byte. */
  readonly clock?: () => number
  /** What the headers `x-mock-defect` and `x-mock-variant` may ask for by id. Default: none. */
  readonly alterations?: readonly NamedAlteration[]
  /** Alterations of every request, each for its share of them, chosen by hash. Default: none. */
  readonly always?: readonly Always[]
  /**
   * Cuts a text into the tokens that usage counts, limits cut at and log probabilities describe: they concatenate to
   * the text, and one that ends inside a character is "". Default: a cheap cut, much like that of real models.
   */
  readonly tokenizer?: (text: string) => readonly string[]
  /** Where stored responses are kept. Default: in memory, for as long as the mock lives. */
  readonly store?: Store
  /** Hears of exceptions, which are bugs; the client gets a 500 without details. Default: nobody does. */
  readonly onCrash?: (error: unknown) => void
}

const noAlterations: readonly NamedAlteration[] = []
const readOnly: Found & { kind: "wrong-method" } = { kind: "wrong-method", allow: ["GET", "HEAD"] }

/**
 * A server of the contract as a pure function but for what it stores: the same request gets the same reply, byte for
 * byte. It never rejects. Throws a `TypeError` when `always` names an alteration that `alterations` lacks.
 */
export function createMock(options: MockOptions = {}): Answer {
  const profile: Profile = profiles[options.profile ?? "nexhina"]
  const models = createModels(options.models ?? [], options.anyModel ?? false)
  const chooseAlterations = alterationChooser(options.alterations ?? [], options.always ?? [])
  const ownSeed = digest(String(options.seed ?? 0))
  const tokenizer = options.tokenizer ? tokenizerOf(options.tokenizer) : cheapTokenizer
  const { keys = "any", clock = () => sampleTime, store = memoryStore(), onCrash = () => {} } = options

  async function pass(ask: Ask): Promise<Reply> {
    const headers = readHeaders(ask.headers)
    const { origin, path, query } = locate(ask.target)
    const seed = headers["x-mock-seed"] === undefined ? ownSeed : digest(headers["x-mock-seed"])
    const identity = digest(ask.body, digest(`${ask.method} ${path}`, seed))
    const id = digestText(identity)
    const always: readonly Header[] = [["x-request-id", requestId(headers, identity)], ...corsHeaders]

    let situation: Situation = { operationId: undefined, ask, request: undefined, streaming: false }
    let alterations = noAlterations
    let reply: Reply
    try {
      alterations = chooseAlterations(headers, identity)
      const ofMedia = path.startsWith(mediaPath)
      if (ofMedia && readOnly.allow.includes(ask.method)) {
        const file = await media(path.slice(mediaPath.length), new URLSearchParams(query))
        return fit(respond(200, file, always, alterations, situation), ask.method)
      }
      const found = ofMedia ? readOnly : route(ask.method, path)
      if (found.kind === "unknown-path") {
        throw new Refusal(404, { message: `Invalid URL (${ask.method} ${path})`, code: "unknown_url" })
      }
      if (found.kind === "wrong-method") {
        if (ask.method === "OPTIONS") return preflight(found.allow, headers, always)
        throw wrongMethod(ask.method, path, found.allow)
      }
      const { operationId, params } = found
      situation = { operationId, ask, request: undefined, streaming: false }
      authenticate(headers.authorization, keys)
      const endpoint: Endpoint = endpoints[operationId]
      let request: unknown
      if (endpoint.request) {
        const { mediaType, orForm, schema } = endpoint.request
        const contentType = headers["content-type"]
        const body =
          mediaType === "application/json" && !(orForm && isForm(contentType))
            ? readJson(ask.body, contentType)
            : readForm(ask.body, contentType, schema)
        situation = { operationId, ask, request: body, streaming: asksForStream(body, endpoint) }
        request = altered("request", validate(body, schema, endpoint.checks), alterations, situation)
      }
      // Each maker takes its own operation's request, which its contract has just validated.
      const making = (replies[operationId] as ReplyMaker<never>)({
        request: request as never,
        params,
        query: endpoint.query && validate(readQuery(query, endpoint.query), endpoint.query, []),
        origin: origin ?? `http://${headers.host ?? "localhost"}`,
        store,
        profile,
        models,
        tokenizer,
        now: clock(),
        seed,
        id,
      })
      // Most makers are done at once, and waiting for nothing still takes a turn.
      const made: Made | MadeFile = making instanceof Promise ? await making : making
      reply = respond(200, made, always, alterations, situation)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const value = envelope(error, profile)
      reply = respond(error.status, { value }, [...error.headers, ...always], alterations, situation)
    }
    return altered("wire", fit(reply, ask.method), alterations, situation)
  }

  return async (ask) => {
    try {
      return await pass(ask)
    } catch (error) {
      onCrash(error)
      const situation = { operationId: undefined, ask, request: undefined, streaming: false }
      return respond(
        500,
        { value: envelope(new Refusal(500), profile) },
        corsHeaders,
        noAlterations,
        situation,
      )
    }
  }
}

/** A request target in its parts; it may be a whole URL (RFC 9112, section 3.2.2), which names its origin. */
function locate(target: string): { readonly origin?: string; readonly path: string; readonly query: string } {
  const whole = target.startsWith("/") ? null : /^(https?:\/\/[^/?]*)(.*)$/is.exec(target)
  const local = whole?.[2] ?? target
  const end = local.indexOf("?")
  const path = end === -1 ? local : local.slice(0, end)
  return { ...(whole?.[1] && { origin: whole[1] }), path, query: end === -1 ? "" : local.slice(end + 1) }
}

function wrongMethod(method: string, path: string, allow: readonly string[]): Refusal {
  return new Refusal(405, {
    message: `Not allowed to ${method} on ${path}, which takes ${allow.join(", ")}.`,
    headers: [["allow", allow.join(", ")]],
  })
}

/** What a browser asks before it sends `authorization` to another origin. */
function preflight(allow: readonly string[], headers: KnownHeaders, always: readonly Header[]): Reply {
  const allowed = allow.join(", ")
  return {
    status: 204,
    headers: [
      ["allow", allowed],
      ["access-control-allow-methods", allowed],
      [
        "access-control-allow-headers",
        readable(headers["access-control-request-headers"]) ?? "authorization, content-type",
      ],
      ["access-control-max-age", "600"],
      ...always,
    ],
    body: "",
    end: "complete",
  }
}

function asksForStream(body: unknown, endpoint: Endpoint): boolean {
  if (typeof body !== "object" || body === null || !("stream" in body) || body.stream !== true) return false
  return isStreamed(endpoint)
}

/** A reply to HEAD has no body, but the length of what it would be. */
function fit(reply: Reply, method: string): Reply {
  if (method !== "HEAD") return reply
  const { body } = reply
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return { ...reply, body: "" }
  const length = typeof body === "string" ? new TextEncoder().encode(body).length : body.length
  return { ...reply, headers: [...reply.headers, ["content-length", String(length)]], body: "" }
}
