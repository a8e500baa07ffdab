import { type Frame, headerOf, type MockRequest, type Reply, type StoredFrames } from "@nexhina/wire"

/** What a log line says of an exchange, as far as it is known. */
export interface ExchangeFacts {
  readonly model?: string
  readonly stream?: true
  /** Tokens that were generated. */
  readonly tokens?: number
  /** Why the model stopped, or the status of its response. */
  readonly finish?: string
  /** Message of the error. */
  readonly error?: string
  /** Defects and variants that the request selected and that do not act on its reply. */
  readonly inactive?: string
  /** Why no scenario answered. */
  readonly miss?: string
}

/** Bodies that are larger are not read: they are files, and the log must cost little (chosen). */
const maxBytes = 2 ** 20
/** What a stream says of its end stands in its last events (chosen). */
const lastEvents = 8

/** Returns the facts about an exchange. Never throws. */
export function factsOf({ body: asked }: MockRequest, reply: Reply): ExchangeFacts {
  const type = headerOf(reply.headers, "content-type") ?? ""
  const isStream = type.startsWith("text/event-stream")
  const text = isStream || type.startsWith("application/json") ? textOf(reply.body) : ""
  const values = isStream ? eventsOf(text) : [parsed(text)]
  const facts: ExchangeFacts = Object.assign({}, ...values.map(saidBy))
  const model = asked.length > 0 && asked.length <= maxBytes ? stringAt(parsed(asked), "model") : undefined
  const inactive = headerOf(reply.headers, "x-mock-inactive")
  const miss = headerOf(reply.headers, "x-mock-miss")
  return {
    ...(model !== undefined && { model }),
    ...(isStream && { stream: true }),
    ...facts,
    ...(inactive !== undefined && { inactive }),
    ...(miss !== undefined && { miss }),
  }
}

function textOf(body: Reply["body"]): string {
  if (typeof body === "string") return body.length <= maxBytes ? body : ""
  const frames = body instanceof Uint8Array ? [{ bytes: body }] : body
  if (!(Array.isArray(frames) || isStored(frames))) return ""
  const bytes = Buffer.concat(Array.from<Frame, Uint8Array>(frames, ({ bytes }) => bytes))
  return bytes.length <= maxBytes ? bytes.toString() : ""
}

/** Returns whether frames can be read here and sent too. */
function isStored(frames: object): frames is StoredFrames {
  return "byteLength" in frames && typeof frames.byteLength === "number" && frames.byteLength <= maxBytes
}

function eventsOf(text: string): unknown[] {
  const lines = text.split("\n").filter((line) => line.startsWith("data: {"))
  return lines.slice(-lastEvents).map((line) => parsed(line.slice("data: ".length)))
}

/** Returns what one JSON value of a reply, or one event of it, says. */
function saidBy(value: unknown): ExchangeFacts {
  const whole = memberOf(value, "response") ?? value
  const model = stringAt(whole, "model")
  const usage = memberOf(whole, "usage")
  const tokens = memberOf(usage, "completion_tokens") ?? memberOf(usage, "output_tokens")
  const finish =
    stringAt(memberOf(memberOf(whole, "choices"), "0"), "finish_reason") ?? stringAt(whole, "status")
  const error = stringAt(memberOf(whole, "error"), "message")
  return {
    ...(model !== undefined && { model }),
    ...(typeof tokens === "number" && { tokens }),
    ...(finish !== undefined && { finish }),
    ...(error !== undefined && { error }),
  }
}

function parsed(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === "string" ? text : Buffer.from(text).toString())
  } catch {
    // A defect may have damaged it, and a form is none.
    return undefined
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}

function stringAt(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name)
  return typeof member === "string" ? member : undefined
}
