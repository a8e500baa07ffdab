/** What ends a chat stream, as the last event's data. Source: page "Streaming Output Guide". */
export const DONE = "[DONE]"

/**
 * What a server means to send: the values, before any wire format. An event without `data` is written but never
 * dispatched by a client; a comment alone is a keep-alive.
 */
export interface StreamEvent {
  /** An object is written as one line of JSON, a string as it is, one `data:` line for each of its lines. */
  readonly data?: object | string
  /** The event's type. Default: `message`. */
  readonly event?: string
  readonly id?: string
  /** The reconnection time in ms. */
  readonly retry?: number
  readonly comment?: string
}

/** Bytes to send, after waiting so many ms since the frame before. */
export interface Frame {
  readonly bytes: Uint8Array
  /** Default: 0. */
  readonly afterMs?: number
}
