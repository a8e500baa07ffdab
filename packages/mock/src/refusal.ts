import { type ErrorResponse, type ErrorStatus, errorStatuses, type Profile } from "@nexhina/schemas"
import type { Header } from "@nexhina/wire"

interface RefusalDetails {
  /** Default: what the status table says. */
  readonly message?: string
  /** Path of the member at fault, as `messages[0].role`. Default: null. */
  readonly param?: string
  /** Default: the status table's. */
  readonly code?: string
  /** Headers to send with it. Default: none. */
  readonly headers?: readonly Header[]
}

/** Why a request is answered with an error: thrown where it is found, turned into the reply in one place. */
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

/** The documented error body of a refusal. A 401 has no `param` where the profile says so. */
export function envelope({ status, message, param, code }: Refusal, profile: Profile): ErrorResponse {
  const { type } = errorStatuses[status]
  return {
    error: status === 401 && !profile.param401 ? { message, type, code } : { message, type, param, code },
  }
}
