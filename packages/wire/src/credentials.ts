import { decode } from "./decoded-body.ts"
import { bodyOf, type Exchange } from "./exchange.ts"
import type { Header } from "./reply.ts"

/** Request headers whose value is a credential, by name. Keys of a request, such as `idempotency-key`, are not. */
const requestHeader = /auth|cookie|credential|(?<!port|idempotency-)key|password|secret|session|token(?!s)/i
/** Response headers, of which many only count tokens. */
const responseHeader = /^set-cookie$|^authorization$|api[-_]?key|secret|[-_]token$/i
/** Query parameters and form fields, by name. */
const parameterName =
  /^(?:key|token|sig|signature|authorization|password)$|(?:api[-_]?key|[-_]token|secret|password)$/i
/** Members of a JSON body: `key` and `token` name other things there. */
const memberName = /^(?:authorization|password)$|(?:api[-_]?key|(?:access|auth)[-_]?token|secret|password)$/i
/** Without any of these, a text has no member of such a name: most texts need not be parsed. */
const mayNameSecret = /authorization|password|api[-_]?key|(?:access|auth)[-_]?token|secret|\\u/i

/** The part of a credential in front of the secret. */
const scheme = /^(?:bearer|basic|digest|token|apikey|negotiate) +/i
/** Looks like a key of an API, wherever it stands. */
const keyShape = /\bsk-[\w-]{16,}/g
const formField = /\bname="?([^"\r\n;]+)"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)/g

/** Maximum size of a decompressed body that is searched, in bytes. */
const maxSearchedBytes = 4 * 1024 * 1024

/**
 * Returns the credentials that an exchange contains: in headers, query parameters, form fields and JSON members whose
 * names say so, and texts in the form of an API key (`sk-…`). They are the `secrets` of a transcript of other
 * programs' requests, whose keys the recorder does not know.
 */
export function credentialsIn({ request, response }: Pick<Exchange, "request" | "response">): string[] {
  const found = new Set<string>()
  const add = (value: string) => {
    const secret = value.replace(scheme, "").trim()
    // Asterisks are what a redactor has left of one.
    if (/[^*]/.test(secret)) found.add(secret)
  }
  // Shorter values of cookies are states, not secrets.
  const addCookie = (pair: string) => {
    const value = pair.slice(pair.indexOf("=") + 1).trim()
    if (value.length >= 8) add(value)
  }
  const named = (headers: readonly Header[], pattern: RegExp) =>
    headers.filter(([name]) => pattern.test(name))
  for (const [name, value] of named(request.headers, requestHeader)) {
    if (/^cookie$/i.test(name)) for (const cookie of value.split(";")) addCookie(cookie)
    else add(value)
  }
  for (const [name, value] of named(response?.headers ?? [], responseHeader)) {
    if (/^set-cookie$/i.test(name)) addCookie(value.replace(/;.*/s, ""))
    else add(value)
  }
  // Most addresses have neither parameters nor a user, and to parse one takes longer than all else.
  if (/[?@]/.test(request.target) && URL.canParse(request.target)) {
    const { searchParams, username, password } = new URL(request.target)
    for (const [name, value] of searchParams) if (parameterName.test(name)) add(value)
    for (const part of [username, password]) add(decodeURIComponent(part))
  }
  for (const [key] of request.target.matchAll(keyShape)) add(key)
  if (request.body.length > 0) {
    const asked = text(decode(request.body, request.headers, maxSearchedBytes).bytes)
    for (const [, name = "", value = ""] of asked.matchAll(formField))
      if (parameterName.test(name)) add(value)
    for (const value of memberValues(asked)) add(value)
    for (const [key] of asked.matchAll(keyShape)) add(key)
  }
  if (response) {
    const answered = text(decode(bodyOf({ response }), response.headers, maxSearchedBytes).bytes)
    for (const [key] of answered.matchAll(keyShape)) add(key)
  }
  return [...found]
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Returns the strings of a JSON text that are credentials by the name of their member, at any depth. */
function memberValues(json: string): string[] {
  const values: string[] = []
  if (!mayNameSecret.test(json)) return values
  try {
    JSON.parse(json, (name, value: unknown) => {
      if (typeof value === "string" && memberName.test(name)) values.push(value)
      return null
    })
  } catch {
    // Not JSON: it has no members.
  }
  return values
}
