/** The data of the last event of a chat stream. Source: page "Streaming Output Guide". */
export const DONE = "[DONE]"

/**
 * An event before encoding. Clients do not dispatch an event without `data`. An event with only a `comment` is a
 * keep-alive.
 */
export interface StreamEvent {
  /** An object is encoded as one line of JSON. A string is encoded as it is, with one `data:` line for each line of it. */
  readonly data?: object | string
  /** The event's type. Default: `message`. */
  readonly event?: string
  readonly id?: string
  /** The reconnection time in milliseconds. */
  readonly retry?: number
  readonly comment?: string
}

/** Bytes to send together, at a certain time or directly after the previous frame. */
export interface Frame {
  readonly bytes: Uint8Array
  /** The time to send them, in milliseconds since the request arrived. Default: directly after the previous frame. */
  readonly atMs?: number
}
