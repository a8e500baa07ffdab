/**
 * Where a fact about the gateway comes from: `documented` was read on one of its pages, `deduced` follows
 * from its declared OpenAI compatibility, `chosen` is a decision of this project where no source decides.
 */
export type Provenance = "documented" | "deduced" | "chosen"

declare module "zod" {
  interface GlobalMeta {
    /** Emitted into the OpenAPI document under the same name. Default: that of the enclosing schema. */
    "x-provenance"?: Provenance
  }
}
