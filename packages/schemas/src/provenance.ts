/**
 * Where a fact about the gateway comes from: `documented` was read on one of its pages, `deduced` follows
 * from its declared OpenAI compatibility, `chosen` is a decision of this project where no source decides.
 */
export type Provenance = "documented" | "deduced" | "chosen"

declare module "zod" {
  interface GlobalMeta {
    /** Emitted into the OpenAPI document under the same name. Default: that of the enclosing schema. */
    "x-provenance"?: Provenance
    /** Marks the branch of an open enum or union that stands for everything not listed. */
    "x-unlisted"?: true
  }
}

/** Metadata for a schema or member, spread where more is said: `.meta({ ...deduced, default: 1 })`. */
export const documented = { "x-provenance": "documented" } as const
export const deduced = { "x-provenance": "deduced" } as const
export const chosen = { "x-provenance": "chosen" } as const
