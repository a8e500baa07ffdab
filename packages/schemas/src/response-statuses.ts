/** The statuses of a response of `/responses`. Source: OpenAI API reference, the response object: status. */
export const responseStatuses = [
  "completed",
  "failed",
  "in_progress",
  "cancelled",
  "queued",
  "incomplete",
] as const
