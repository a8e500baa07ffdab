/** A reply of the control API: its status, JSON value and further headers. */
export type ControlReply = readonly [
  status: number,
  value: object,
  headers?: Readonly<Record<string, string>>,
]

/** Returns an error in the form of the API. `more` has further members of the body. */
export function refused(
  status: number,
  message: string,
  param: string | null = null,
  more = {},
): ControlReply {
  return [status, { error: { message, type: "invalid_request_error", param, code: null }, ...more }]
}
