import { z } from "zod"
import { openObject } from "./open.ts"
import { deduced, documented, type Provenance } from "./provenance.ts"

/** The `error` object. Clients can rely on `message` and `type` only: real gateways omit or retype the others. */
export const ErrorObject = openObject({
  message: z.string().min(1).meta({ description: "Human-readable description of the error." }),
  type: z.string().meta({ description: "Class of the error, such as `invalid_request_error`." }),
  param: z
    .string()
    .nullish()
    .meta({ ...deduced, description: "Path of the invalid parameter, or null." }),
  code: z
    .union([z.string(), z.int(), z.null()])
    .optional()
    .meta({ description: "Machine-readable code of the error, or null." }),
}).meta({ id: "ErrorObject", ...documented, description: "Describes an error." })
export type ErrorObject = z.infer<typeof ErrorObject>

/** The body of every response with a status of 400 or above. Source: page "Authentication". */
export const ErrorResponse = openObject({ error: ErrorObject.describe("The error.") }).meta({
  id: "ErrorResponse",
  ...documented,
  description: "The body of every error response.",
})
export type ErrorResponse = z.infer<typeof ErrorResponse>

interface StatusRow {
  readonly says: string
  /** Default `error.type` and `error.code`. */
  readonly type: string
  readonly code: string | null
  readonly provenance: Provenance
}

/** The error statuses: the meaning of each and the default members of its body. */
export const errorStatuses = {
  400: {
    says: "The request is invalid.",
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
    says: "The API key does not have permission for this operation.",
    type: "permission_error",
    code: "model_access_denied",
    provenance: "chosen",
  },
  404: {
    says: "The model or path does not exist.",
    type: "invalid_request_error",
    code: "not_found",
    provenance: "deduced",
  },
  405: {
    says: "The method is not supported for this path.",
    type: "invalid_request_error",
    code: "method_not_allowed",
    provenance: "chosen",
  },
  409: {
    says: "The resource is not in a state that allows this operation.",
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
    says: "The media type of the request body is not supported.",
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
  500: {
    says: "The server encountered an error.",
    type: "server_error",
    code: "internal_error",
    provenance: "chosen",
  },
  501: {
    says: "The operation is not supported.",
    type: "server_error",
    code: "not_implemented",
    provenance: "chosen",
  },
  503: {
    says: "The server is overloaded.",
    type: "server_error",
    code: "service_unavailable",
    provenance: "chosen",
  },
} as const satisfies Record<number, StatusRow>
export type ErrorStatus = keyof typeof errorStatuses

/** The error statuses of an operation that returns or deletes one resource. */
export const readErrors = [401, 403, 404, 429, 500, 503] as const satisfies ErrorStatus[]

/** The error statuses of an operation with a request body. */
export const bodyErrors = [400, 401, 403, 404, 413, 415, 429, 500, 503] as const satisfies ErrorStatus[]
