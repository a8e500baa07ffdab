import type { Verdict } from "./report.ts"

/** What a verdict means to a reader, in one of five colors. */
export type VerdictKind = "pass" | "fail" | "warn" | "info" | "skip"

/** A sign for each verdict, which is told without color, and the kind that decides its color. The worst come first. */
export const verdictSigns: Readonly<Record<Verdict, { readonly sign: string; readonly kind: VerdictKind }>> =
  {
    fail: { sign: "✘", kind: "fail" },
    "harness-error": { sign: "✘", kind: "fail" },
    flaky: { sign: "~", kind: "warn" },
    warn: { sign: "!", kind: "warn" },
    inconclusive: { sign: "?", kind: "warn" },
    info: { sign: "i", kind: "info" },
    pass: { sign: "✔", kind: "pass" },
    waived: { sign: "w", kind: "skip" },
    "not-run": { sign: "·", kind: "skip" },
    unsupported: { sign: "-", kind: "skip" },
    "not-applicable": { sign: "-", kind: "skip" },
  }
