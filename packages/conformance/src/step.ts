import type { OperationId } from "@nexhina/schemas"
import type { Exchange, Header, RequestFault } from "@nexhina/transcript"

/** One request of a probe or rule, as data: what to ask, not yet how it stands on the wire. */
export interface Step {
  readonly operation: OperationId
  /** Values of the path's parameters, not yet percent-encoded. */
  readonly params?: Readonly<Record<string, string>>
  /** The JSON body. */
  readonly body?: unknown
  /** A body that is no JSON on purpose, sent as `application/json`; in place of `body`. */
  readonly rawBody?: string | Uint8Array
  /** Another method or path than the operation's, for faults of those kinds; the path is below the base URL. */
  readonly method?: string
  readonly path?: string
  /** Headers besides those of every request. */
  readonly headers?: readonly Header[]
  /** Which key to send. Default: the configured one. */
  readonly key?: "none" | "wrong"
  /** What is wrong with the request on purpose. A step without it must keep the contract. */
  readonly fault?: RequestFault
  /**
   * Members that a legal target may refuse: a 4xx that names one of them (in `param` or in its message) makes
   * the rule `unsupported`, not failed.
   */
  readonly exercises?: readonly string[]
}

/** A step, or how to make it from the exchanges that the sample has had so far; `undefined` ends the sample. */
export type Ask = Step | ((earlier: readonly Exchange[]) => Step | undefined)
