import type { OperationId } from "@nexhina/schemas"
import type { FormSpelling, Header } from "@nexhina/wire"
import type { Evidence } from "../evidence.ts"
import type { RequestFault } from "../inputs/intent.ts"

/** One request of a probe or rule, as data: what to ask, not yet how it stands on the wire. */
export interface Step {
  readonly operation: OperationId
  /** Values of the path's parameters, not yet percent-encoded. */
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  /** The body's value, sent as JSON, or as a form (with a `File`) where the contract says so. */
  readonly body?: unknown
  /** How a form is written: legal ways that must make no difference. Default: quoted names, members in order. */
  readonly form?: FormSpelling
  /** Bytes of white space after a JSON body. Default: 0. */
  readonly paddingBytes?: number
  /** Sends `body` as a form although the contract says JSON: some targets read nothing else. */
  readonly asForm?: true
  /** Bytes of a body that is wrong on purpose, instead of `body`. */
  readonly rawBody?: string | Uint8Array
  /** The media type of `rawBody`. Default: `application/json`. */
  readonly mediaType?: string
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
  /** Hang up once so many bytes of the reply's body have come. Default: never. */
  readonly hangUpAfterBytes?: number
}

/** A step, or some that are asked at the same time. */
export type Steps = Step | readonly Step[]

/** What to ask, or how to make it from the exchanges that the sample has had so far; `undefined` ends the sample. */
export type Ask = Steps | ((earlier: readonly Evidence[]) => Steps | undefined)

/** The steps that are known before anything is asked. */
export const fixedSteps = (asks: readonly Ask[]): Step[] =>
  asks.flatMap((ask) => (typeof ask === "function" ? [] : ask))

/** The steps that are asked after these earlier exchanges. */
export const stepsAfter = (ask: Ask | undefined, earlier: readonly Evidence[]): readonly Step[] =>
  [(typeof ask === "function" ? ask(earlier) : ask) ?? []].flat()
