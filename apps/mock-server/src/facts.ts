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
/** A reply of this length is read even when it says no more than its model (chosen). */
const shortLength = 4096

/** Finds a member that says more than the model. Parsing takes many times as long, most of all that of embeddings. */
const telling = /"(?:finish_reason|status|error|completion_tokens|output_tokens)"\s*:\s*[^n\s]/

/** Returns the facts about an exchange. Never throws. */
export function factsOf({ body: asked }: MockRequest, reply: Reply): ExchangeFacts {
  const type = headerOf(reply.headers, "content-type") ?? ""
  const isStream = type.startsWith("text/event-stream")
  const text = isStream || type.startsWith("application/json") ? textOf(reply.body) : ""
  const said = isStream ? saidByEvents(text) : isWorthReading(text) ? saidBy(parsed(text)) : {}
  const model = said.model ?? modelAsked(asked)
  const inactive = headerOf(reply.headers, "x-mock-inactive")
  const miss = headerOf(reply.headers, "x-mock-miss")
  return {
    ...(model !== undefined && { model }),
    ...(isStream && { stream: true }),
    ...said,
    ...(inactive !== undefined && { inactive }),
    ...(miss !== undefined && { miss }),
  }
}

function isWorthReading(text: string): boolean {
  return text !== "" && (text.length <= shortLength || telling.test(text))
}

function modelAsked(body: Uint8Array): string | undefined {
  return body.length > 0 && body.length <= maxBytes ? stringAt(parsed(body), "model") : undefined
}

function textOf(body: Reply["body"]): string {
  if (typeof body === "string") return body.length <= maxBytes ? body : ""
  const pieces = piecesOf(body)
  // Measured before they are joined: a copy of many megabytes keeps every client waiting.
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return length <= maxBytes ? Buffer.concat(pieces, length).toString() : ""
}

/** Returns the bytes of a body; none when they can be read only once. */
function piecesOf(body: Exclude<Reply["body"], string>): readonly Uint8Array[] {
  if (body instanceof Uint8Array) return [body]
  return Array.isArray(body) || isStored(body)
    ? Array.from<Frame, Uint8Array>(body, ({ bytes }) => bytes)
    : []
}

/** Returns whether frames can be read here and sent too. */
function isStored(frames: object): frames is StoredFrames {
  return "byteLength" in frames && typeof frames.byteLength === "number" && frames.byteLength <= maxBytes
}

/** Returns what the last events of a stream say. The very last one is read for its model alone, too. */
function saidByEvents(text: string): ExchangeFacts {
  const events = endOf(text)
  const read = events.filter((event, index) => index === events.length - 1 || telling.test(event))
  return Object.assign({}, ...read.map((event) => saidBy(parsed(event))))
}

/** Returns the JSON texts of the last events of a stream, in order. */
function endOf(text: string): string[] {
  const events: string[] = []
  for (let end = text.length; end > 0 && events.length < lastEvents; ) {
    const start = text.lastIndexOf("\n", end - 1) + 1
    if (text.startsWith("data: {", start)) events.push(text.slice(start + "data: ".length, end))
    end = start - 1
  }
  return events.reverse()
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
