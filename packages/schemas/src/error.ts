import { z } from "zod"
import { openObject } from "./open.ts"
import { deduced, documented, type Provenance } from "./provenance.ts"

/** The error object. Only `message` and `type` are relied upon: real gateways omit or retype the others. */
export const ErrorObject = openObject({
  message: z.string().min(1),
  type: z.string(),
  param: z
    .string()
    .nullish()
    .meta({ ...deduced, description: "Path of the member at fault." }),
  code: z.union([z.string(), z.int(), z.null()]).optional(),
}).meta({ id: "ErrorObject", ...documented })
export type ErrorObject = z.infer<typeof ErrorObject>

/** What every answer with a status of 400 or above carries. Source: page "Authentication". */
export const ErrorResponse = openObject({ error: ErrorObject }).meta({ id: "ErrorResponse", ...documented })
export type ErrorResponse = z.infer<typeof ErrorResponse>

interface StatusRow {
  readonly says: string
  /** Default `error.type` and `error.code`. */
  readonly type: string
  readonly code: string | null
  readonly provenance: Provenance
}

/** The status table: each error status, what it means, and the default members of its body. */
export const errorStatuses = {
  400: {
    says: "The request is not valid.",
    type: "invalid_request_error",
    code: null,
    provenance: "deduced",
  },
  401: {
    says: "Incorrect API key provided",
    type: "invalid_request_error",
    code: "invalid_api_key",
    provenance: "documented",
  },
  403: {
    says: "The key may not do this.",
    type: "permission_error",
    code: "model_access_denied",
    provenance: "chosen",
  },
  404: {
    says: "No such model or path.",
    type: "invalid_request_error",
    code: "not_found",
    provenance: "deduced",
  },
  405: {
    says: "The path does not take this method.",
    type: "invalid_request_error",
    code: "method_not_allowed",
    provenance: "chosen",
  },
  409: {
    says: "It is not in a state that allows this.",
    type: "invalid_request_error",
    code: "conflict",
    provenance: "chosen",
  },
  413: {
    says: "The request body is too large.",
    type: "invalid_request_error",
    code: "request_too_large",
    provenance: "chosen",
  },
  415: {
    says: "The request body's media type is not taken here.",
    type: "invalid_request_error",
    code: "unsupported_media_type",
    provenance: "chosen",
  },
  429: {
    says: "Too many requests.",
    type: "rate_limit_error",
    code: "rate_limit_exceeded",
    provenance: "deduced",
  },
  500: { says: "The server failed.", type: "server_error", code: "internal_error", provenance: "chosen" },
  501: { says: "Not offered here.", type: "server_error", code: "not_implemented", provenance: "chosen" },
  503: {
    says: "The server is overloaded.",
    type: "server_error",
    code: "service_unavailable",
    provenance: "chosen",
  },
} as const satisfies Record<number, StatusRow>
export type ErrorStatus = keyof typeof errorStatuses

/** What an operation that shows or deletes one thing may answer besides success. */
export const readErrors = [401, 403, 404, 429, 500, 503] as const satisfies ErrorStatus[]

/** What an operation that reads a request body may answer besides success. */
export const bodyErrors = [400, 401, 403, 404, 413, 415, 429, 500, 503] as const satisfies ErrorStatus[]
