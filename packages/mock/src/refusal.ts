import { type ErrorResponse, type ErrorStatus, errorStatuses, type Profile } from "@nexhina/schemas"
import type { Header } from "@nexhina/wire"

interface RefusalDetails {
  /** Default: the message of the status table. */
  readonly message?: string
  /** Path of the member at fault, such as `messages[0].role`. Default: null. */
  readonly param?: string
  /** Default: the code of the status table. */
  readonly code?: string
  /** Additional response headers. Default: none. */
  readonly headers?: readonly Header[]
}

/** An error reply to a request: thrown where the error is detected, encoded in one place. */
export class Refusal extends Error {
  readonly status: ErrorStatus
  readonly param: string | null
  readonly code: string | null
  readonly headers: readonly Header[]

  constructor(status: ErrorStatus, details: RefusalDetails = {}) {
    const { says, code } = errorStatuses[status]
    super(details.message ?? says)
    this.name = "Refusal"
    this.status = status
    this.param = details.param ?? null
    this.code = details.code ?? code
    this.headers = details.headers ?? []
  }
}

/** Returns the documented error body. A 401 has no `param` unless the profile's `param401` is set. */
export function envelope({ status, message, param, code }: Refusal, profile: Profile): ErrorResponse {
  const { type } = errorStatuses[status]
  return {
    error: status === 401 && !profile.param401 ? { message, type, code } : { message, type, param, code },
  }
}
