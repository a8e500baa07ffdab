import { z } from "zod"

/**
 * A line that a recorder writes before its first exchange in a file: `sentAtMs` of the exchanges after it counts from
 * `startedAt`.
 */
export const SessionLine = z.object({
  fact: z.literal("session"),
  /** ISO 8601, in UTC. */
  startedAt: z.iso.datetime({ precision: 3 }),
})
export type SessionLine = Readonly<z.infer<typeof SessionLine>>
