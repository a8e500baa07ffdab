import { createRedactor, credentialsIn, decodeBody, headerOf, type MockRequest } from "@nexhina/wire"
import { digest, digestText } from "../content/random.ts"
import { concatBytes } from "../request/concat-bytes.ts"
import { type FormFile, formFields, isForm } from "../request/form.ts"
import { withoutVolatile } from "./volatile.ts"

/** The members of a request, or of its recording, that decide which recording answers it. */
export interface MatchedRequest {
  readonly method: string
  /** The path below the base path `/v1`. */
  readonly path: string
  /** Query parameters by name, without credentials. */
  readonly query: Readonly<Record<string, readonly string[]>>
  /** The JSON value of the body, without volatile members; a digest of a file or of another body. */
  readonly body: unknown
}

const isRedacted = /^\*+$/

/** Maximum size of a decompressed request body, in bytes. */
const maxBytes = 32 * 2 ** 20

/** Returns the members of a request that recordings are matched on. Credentials are replaced as in transcripts. */
export function matchedRequest(request: Omit<MockRequest, "exceededBytes" | "fault">): MatchedRequest {
  const url = new URL(request.target, "http://localhost").href
  const { method, target, headers, body } = redacted({ ...request, target: url })
  const { pathname, searchParams } = new URL(target)
  const query = [...new Set(searchParams.keys())]
    .map((name) => [name, searchParams.getAll(name).filter((value) => !isRedacted.test(value))] as const)
    .filter(([, values]) => values.length > 0)
  const decoded = decodeBody(body, headers, maxBytes)
  return {
    method,
    path: belowBase(pathname),
    query: Object.fromEntries(query),
    body: bodyValue(decoded.fault ? body : decoded.bytes, headerOf(headers, "content-type")),
  }
}

/** Returns the path below its first segment `v1`; a path without one is returned unchanged. */
function belowBase(path: string): string {
  return path.replace(/^.*?\/v1(?=\/|$)/, "") || "/"
}

/** Returns a recorded path and what follows its first segments: not every upstream has its API below `/v1`. */
export function pathsOf(path: string): string[] {
  const segments = path.split("/").slice(1)
  return segments.map((_, from) => `/${segments.slice(from).join("/")}`)
}

/** Replaces the credentials of a request as a recorder does, so that any key matches the recorded one. */
function redacted(request: Pick<MockRequest, "method" | "target" | "headers" | "body">): typeof request {
  const asked = { ...request, sentAtMs: 0 }
  return createRedactor(credentialsIn({ request: asked })).exchange({
    v: 1,
    id: "",
    request: asked,
    end: { kind: "complete", atMs: 0 },
    fidelity: { bytes: true, timing: false },
  }).request
}

function bodyValue(body: Uint8Array, contentType: string | undefined): unknown {
  if (body.length === 0) return null
  if (isForm(contentType)) return formValue(body, contentType)
  try {
    return withoutVolatile(JSON.parse(new TextDecoder().decode(body)))
  } catch {
    return content(body)
  }
}

/** Returns the fields of a form, whose boundary differs each time. A file counts by its content, not by its name. */
function formValue(body: Uint8Array, contentType: string): unknown {
  try {
    const fields = [...formFields(body, contentType)].map(([name, values]) => [name, values.map(fieldValue)])
    return withoutVolatile(Object.fromEntries(fields))
  } catch {
    // A form that cannot be read was recorded like any other body.
    return content(body)
  }
}

function fieldValue(value: string | FormFile): unknown {
  if (typeof value === "string") return value
  return {
    type: value.mediaType,
    extension: /\.[^.]*$/.exec(value.filename)?.[0] ?? "",
    ...content(concatBytes(value.content)),
  }
}

const content = (bytes: Uint8Array) => ({ bytes: bytes.length, digest: digestText(digest(bytes)) })
