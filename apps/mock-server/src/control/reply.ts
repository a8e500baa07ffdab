/** A reply of the control API: its status and JSON value. */
export type ControlReply = readonly [status: number, value: object]

/** Returns an error in the form of the API. `more` has further members of the body. */
export function refused(
  status: number,
  message: string,
  param: string | null = null,
  more = {},
): ControlReply {
  return [status, { error: { message, type: "invalid_request_error", param, code: null }, ...more }]
}
