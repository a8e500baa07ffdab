import type { Frame, StreamEvent } from "@nexhina/stream"
import type { Ask, Reply } from "./reply.ts"

/** What an alteration may look at: the request that is being answered. */
export interface Situation {
  /** The contract's `operationId`, absent for a path that no endpoint has. */
  readonly operationId: string | undefined
  readonly ask: Ask
  /** The parsed JSON body, whether it satisfies the contract or not; absent when it is no JSON. */
  readonly request: unknown
  /** Whether a stream was asked for. */
  readonly streaming: boolean
}

/**
 * A way to change an answer at one stage of its making; none of them parses what an earlier stage wrote.
 * `request`: what the server understood (a valid request in, another out). `value`: the reply's JSON value, or
 * the whole completion before it is split into chunks. `events`: what a stream sends, values first.
 * `bytes`: encoded frames with their delays. `wire`: status, headers, body and end, errors included.
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

/** An alteration that can be asked for by name. */
export type NamedAlteration = Alteration & { readonly id: string }
