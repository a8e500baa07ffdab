import { type ErrorResponse, type ErrorStatus, errorStatuses, type Profile } from "@nexhina/schemas"
import type { Header } from "@nexhina/wire"
import type { Limit } from "./limits.ts"

interface RefusalDetails {
  /** Default: the message of the status table. */
  readonly message?: string
  /** Path of the member at fault, such as `messages[0].role`. Default: null. */
  readonly param?: string
  /** Default: the code of the status table. */
  readonly code?: string | null
  /** Additional response headers. Default: none. */
  readonly headers?: readonly Header[]
}

/** Error statuses of HTTP itself, which no operation of the contract has. */
const httpStatuses = {
  408: { says: "The request took too long to arrive.", code: null },
  416: { says: "The range lies outside the file.", code: "range_not_satisfiable" },
  417: { says: "The expectation is not supported.", code: null },
  431: { says: "The request headers are too large.", code: null },
} as const

type HttpStatus = keyof typeof httpStatuses

/**
 * An error reply to a request: thrown where the error is detected, encoded in one place. A status that neither the
 * contract nor HTTP defines has the type of its class and no code.
 */
export class Refusal extends Error {
  readonly status: number
  readonly param: string | null
  readonly code: string | null
  readonly headers: readonly Header[]

  constructor(status: number, details: RefusalDetails = {}) {
    const { says, code } = statusOf(status)
    super(details.message ?? says)
    this.name = "Refusal"
    this.status = status
    this.param = details.param ?? null
    this.code = details.code === undefined ? code : details.code
    this.headers = details.headers ?? []
  }
}

interface StatusText {
  readonly says: string
  readonly type: string
  readonly code: string | null
}

function statusOf(status: number): StatusText {
  if (status in errorStatuses) return errorStatuses[status as ErrorStatus]
  const type = status < 500 ? "invalid_request_error" : "server_error"
  if (status in httpStatuses) return { ...httpStatuses[status as HttpStatus], type }
  return { says: `The request failed with status ${status}.`, type, code: null }
}

/** Returns the documented error body. A 401 has no `param` unless the profile's `param401` is set. */
export function envelope({ status, message, param, code }: Refusal, profile: Profile): ErrorResponse {
  const { type } = statusOf(status)
  return {
    error: status === 401 && !profile.param401 ? { message, type, code } : { message, type, param, code },
  }
}

/** Throws a `Refusal` that names `param` and the limit when an amount exceeds it. */
export function requireWithin(limit: Limit, amount: number, param: string): void {
  if (amount <= limit.max) return
  const message = `Invalid '${param}': the mock supports at most ${limit.max} ${limit.of}, but got ${amount}.`
  throw new Refusal(400, { message, param, code: "above_limit_of_mock" })
}
