import type { Frame, StreamEvent } from "@nexhina/stream"
import type { MockRequest, Reply } from "./reply.ts"

/** The request that is being answered, as an alteration sees it. */
export interface Situation {
  /** The contract's `operationId`. Undefined for a path that is not in the contract. */
  readonly operationId: string | undefined
  /** The request as received. */
  readonly ask: MockRequest
  /** The parsed JSON body, valid or not. Undefined when the body is not JSON. */
  readonly request: unknown
  /** Whether the client asked for a stream. */
  readonly streaming: boolean
}

/**
 * Changes a reply at one stage of its making. No stage parses what an earlier one wrote.
 * `request`: the validated request. `value`: the JSON value of the reply, or the whole completion before it is split
 * into chunks. `events`: the events of a stream, before they are encoded. `bytes`: encoded frames with their delays.
 * `wire`: status, headers, body and end of every reply, including errors, preflights and media files.
 */
export type Alteration =
  | { readonly stage: "request"; apply(request: unknown, situation: Situation): unknown }
  | { readonly stage: "value"; apply(value: unknown, situation: Situation): unknown }
  | {
      readonly stage: "events"
      apply(events: readonly StreamEvent[], situation: Situation): readonly StreamEvent[]
    }
  | { readonly stage: "bytes"; apply(frames: readonly Frame[], situation: Situation): readonly Frame[] }
  | { readonly stage: "wire"; apply(reply: Reply, situation: Situation): Reply }

export type AlterationKind = "defect" | "variant"

/** An alteration, which may have another form for the requests that select it. */
export type AlterationForm = Alteration & {
  /**
   * Acts in its place for a request that selects it, by a header for example: on replies of any operation. Default: the
   * alteration itself. A standing one may have to keep to one operation, so that one rule finds it.
   */
  readonly wider?: Alteration
}

/** An alteration that is selected by its id. */
export type NamedAlteration = AlterationForm & {
  readonly id: string
  /** Whether it breaks the contract or is legal, which decides how it is selected. Default: it is selected in both ways. */
  readonly kind?: AlterationKind
  /** Creates a copy with its own state, for one mock. Required when `apply` remembers earlier requests. */
  start?(): AlterationForm
}
