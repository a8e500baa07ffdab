import type { z } from "zod"
import type { ErrorStatus } from "./error.ts"
import type { ProfileFlag } from "./profile.ts"
import type { Provenance } from "./provenance.ts"

/** The parts of the API that a server offers or not as a whole; the names that `--include` and `--require` take. */
export const surfaces = [
  "models",
  "chat",
  "responses",
  "embeddings",
  "images",
  "audio",
  "video",
  "moderations",
  "rerank",
] as const
export type Surface = (typeof surfaces)[number]

/**
 * What a reply carries under one media type. A `stream` is server-sent events whose data are `item`s; its
 * examples are lists of them, without the `[DONE]` that ends a stream.
 */
export type Content =
  | { readonly kind: "json"; readonly schema: z.ZodType }
  | {
      readonly kind: "stream"
      readonly item: z.ZodType
      readonly examples: Readonly<Record<string, Example<readonly unknown[]>>>
    }
  | { readonly kind: "text"; readonly examples: Readonly<Record<string, Example<string>>> }
  | { readonly kind: "binary" }

/** One successful answer: a status and what it may carry, by media type. */
export interface Success {
  readonly status: 200
  readonly description: string
  readonly content: Readonly<Record<string, Content>>
  readonly provenance: Provenance
}

/**
 * A sentence about several members at once (`top_logprobs` requires `logprobs`). It stands beside the schema, not
 * in it, so that Zod and a JSON Schema validator judge the same documents alike.
 */
export interface Check<Request> {
  /** Path of the member that the error names, as in `error.param`. */
  readonly param: string
  readonly says: string
  readonly provenance: Provenance
  /** Whether a request that already satisfies its schema keeps the sentence. */
  holds(request: Request): boolean
}

/** A named body, shown in the OpenAPI document and tested against its schema. */
export interface Example<Value = unknown> {
  readonly summary: string
  readonly provenance: Provenance
  readonly value: Value
}

/**
 * One operation of the gateway: the only place where it is written down. The OpenAPI operation, the mock's
 * route and validation, and the kit's generated requests are derived from it.
 */
export interface Endpoint<Request extends z.ZodType = z.ZodType> {
  readonly operationId: string
  readonly surface: Surface
  readonly method: "GET" | "POST" | "DELETE"
  /** Below the base URL (which ends in `/v1`); `{name}` stands for a path parameter. */
  readonly path: `/${string}`
  /** Other paths under which the same operation answers. Default: none. */
  readonly aliases?: readonly `/${string}`[]
  /** The member of the profile that says whether a server has this operation. Default: every server has it. */
  readonly onlyWith?: ProfileFlag
  readonly summary: string
  readonly description: string
  readonly provenance: Provenance
  /** Path parameters, one string member for each `{name}` in the path. */
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly request?: {
    readonly mediaType: "application/json" | "multipart/form-data"
    /** Whether what is sent as JSON may come as a multipart form too. Default: no. */
    readonly orForm?: true
    readonly schema: Request
    readonly examples: Readonly<Record<string, Example>>
  }
  readonly success: Success
  /** Examples of success bodies (JSON), by name. */
  readonly examples: Readonly<Record<string, Example>>
  /** Rows of the status table that it may answer with; 401 on every endpoint. */
  readonly errors: readonly ErrorStatus[]
  readonly checks: readonly Check<z.output<Request>>[]
}

/** Whether an operation can answer with a stream. */
export const isStreamed = ({ success }: Pick<Endpoint, "success">): boolean =>
  Object.values(success.content).some(({ kind }) => kind === "stream")

/** Keeps the literal types of an endpoint while checking its shape, the checks against the request's type. */
export function endpoint<
  Request extends z.ZodType,
  const E extends Omit<Endpoint<Request>, "request" | "checks">,
>(
  definition: E & {
    readonly request?: Required<Endpoint<Request>>["request"]
    readonly checks: readonly Check<z.output<NoInfer<Request>>>[]
  },
): E & Pick<Endpoint<Request>, "request" | "checks"> {
  return definition
}
