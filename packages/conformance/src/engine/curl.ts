import { gzipSync } from "node:zlib"
import { type Header, headerOf } from "@nexhina/wire"
import type { Evidence } from "../evidence.ts"
import { isCredential, type Target, wrongKey } from "../target/to-wire.ts"

/** A request as it was sent, with secrets redacted. */
interface SentRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly Header[]
  readonly body: Uint8Array
}

/** Longest argument that is safe on every system (Linux allows 128 KiB), in characters. */
const maxArgument = 100_000
const utf8 = new TextEncoder()
const lenientUtf8 = new TextDecoder("utf-8", { ignoreBOM: true })

/**
 * Control characters, line breaks and the start of a command of Azure Pipelines: a terminal or a CI runner obeys them, and
 * a report escapes them, so that a command with them would not be the same when it is copied.
 */
const obeyed = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]|##(?=\[|vso\[)/iu

/** Returns the bytes of a text as octal escapes. */
const octal = (text: string): string =>
  [...utf8.encode(text)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")

/** Quotes a word for bash, ksh and zsh, with everything escaped that a report escapes. */
const escapedWord = (text: string): string =>
  `$'${text.replaceAll(/[\\']/g, "\\$&").replaceAll("\n", "\\n").replaceAll(new RegExp(obeyed, "giu"), octal)}'`

/** Quotes a word for a shell: for any POSIX shell, unless it contains control characters. */
const shellQuoted = (text: string): string =>
  obeyed.test(text) ? escapedWord(text) : `'${text.replaceAll("'", `'\\''`)}'`

/** Quotes a word for a shell only where the shell would change it. */
export const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : shellQuoted(text))

/** Returns a header as an argument; the value of a secret is an environment variable with the header's name. */
export function shellHeader([name, value]: Header, isSecret = isCredential(name)): string {
  return isSecret
    ? `"${name}: $${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}"`
    : shellQuoted(`${name}: ${value}`)
}

/** Returns a header as curl takes it: a header without a value ends with a semicolon. */
const curlHeader = ([name, value]: Header, isSecret: boolean): string =>
  value === "" ? shellQuoted(`${name};`) : shellHeader([name, value], isSecret)

/** Headers that describe the connection or that curl computes from the body. */
const ofConnection = new Set(["connection", "content-length", "host", "transfer-encoding"])

/** Returns the headers as arguments: the configured key by its variable, the wrong key of the kit as it is. */
function headerArguments(
  { request }: Pick<Evidence, "request">,
  shown: SentRequest,
  target: Pick<Target, "apiKey">,
): string[] {
  const kept = request.headers.flatMap(([name, value], at) => {
    const lower = name.toLowerCase()
    if (ofConnection.has(lower)) return []
    if (value === `Bearer ${wrongKey}`) return [shellQuoted(`${lower}: ${value}`)]
    // A recording has asterisks where a secret was.
    const isKey =
      value === `Bearer ${target.apiKey}` || (lower === "authorization" && /^Bearer \*+$/.test(value))
    if (isKey) return [`"${lower}: Bearer $NEXHINA_API_KEY"`]
    return [curlHeader([lower, value], shown.headers[at]?.[1] !== value)]
  })
  const isTyped = headerOf(request.headers, "content-type") !== undefined
  // Without this, curl labels every body as a form.
  return isTyped || request.body.length === 0 ? kept : [...kept, "'content-type:'"]
}

interface Body {
  /** Command whose output is the body, with the pipe; empty when the body is an argument. */
  readonly pipe: string
  readonly argument: string
}

const piped = (bytes: Uint8Array, decode: string): Body => ({
  pipe: `echo ${Buffer.from(bytes).toString("base64")} | base64 -d | ${decode}`,
  argument: "--data-binary @-",
})

/** Returns the body as an argument, or through a pipe where it is not text or too long; `undefined` beyond that. */
function bodyArgument(body: Uint8Array): Body | undefined {
  const text = lenientUtf8.decode(body)
  const isText = !text.includes("\0") && Buffer.compare(utf8.encode(text), body) === 0
  const quoted = shellQuoted(text)
  if (isText && Buffer.byteLength(quoted) <= maxArgument)
    return { pipe: "", argument: `--data-raw ${quoted}` }
  if (body.length <= maxArgument / 2) return piped(body, "")
  const packed = gzipSync(body)
  return packed.length <= maxArgument / 2 ? piped(packed, "gzip -dc | ") : undefined
}

function methodArgument(method: string, hasBody: boolean): string {
  if (method === "HEAD") return " -I"
  return method === "GET" && !hasBody ? "" : ` -X ${shellWord(method)}`
}

/**
 * Returns the command line that sends a request again as it was sent and prints the complete response. Secrets stand as
 * environment variables. `shown` is the request with secrets redacted.
 */
export function curlOf(
  exchange: Pick<Evidence, "request">,
  shown: SentRequest,
  target: Pick<Target, "apiKey">,
): string {
  const hasBody = shown.body.length > 0
  const body = hasBody ? bodyArgument(shown.body) : undefined
  if (hasBody && !body)
    return `# The body of ${shown.body.length} bytes is too long for a command line: use the replay command.`
  // curl expands [] and {} in URLs and removes dot segments, unless it is told not to.
  const url = `${/[[\]{}]/.test(shown.target) ? "-g " : ""}${/\/\.\.?(?:[/?]|$)/.test(shown.target) ? "--path-as-is " : ""}${shellQuoted(shown.target)}`
  return [
    `${body?.pipe ?? ""}curl -isN${methodArgument(shown.method, hasBody)} ${url}`,
    ...headerArguments(exchange, shown, target).map((header) => ` -H ${header}`),
    ...(body ? [` ${body.argument}`] : []),
  ].join(" \\\n ")
}
