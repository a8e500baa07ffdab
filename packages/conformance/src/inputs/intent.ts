import { z } from "zod"

/** Faults of the body itself, not of the path or of what the server offers. */
export const bodyFaults = [
  "malformed-json",
  "not-an-object",
  "malformed-form",
  "missing",
  "wrong-type",
  "out-of-range",
  "check",
] as const

/** The one way in which a request breaks the contract on purpose. */
export const RequestFault = z.object({
  kind: z.enum([...bodyFaults, "unknown-model", "unknown-path", "wrong-method", "too-large"]),
  /** Path of the member concerned, as in `error.param`; absent when the fault does not concern a member. */
  param: z.string().exactOptional(),
  /** Whether the member, or one in which it lies, may be left out: a server may ignore what it does not know. */
  isOptional: z.literal(true).exactOptional(),
  /** Description for the report. */
  says: z.string(),
})
export type RequestFault = Readonly<z.infer<typeof RequestFault>>

/** What the kit intended with a request: a line of a transcript, written before the request line with the same id. */
export const Intent = z.object({
  fact: z.literal("intent"),
  /** Id of the exchange. */
  id: z.string(),
  /** The contract's `operationId`. */
  operation: z.string(),
  /** Id of the probe or rule that sent the request. */
  by: z.string(),
  /** Requests of one sample share a group. */
  group: z.string(),
  /** Absent when the request keeps the contract. */
  fault: RequestFault.exactOptional(),
  /** Which key was sent. Default: the configured one. */
  key: z.enum(["none", "wrong"]).exactOptional(),
  /** Seed and index from which the sample can be generated again. Absent for fixed requests. */
  draw: z.object({ seed: z.number(), index: z.number() }).exactOptional(),
})
export type Intent = Readonly<z.infer<typeof Intent>>
