import type { Cause, Finding, Report, RuleResult, Verdict } from "./report.ts"
import type { Standing } from "./standing.ts"

/** The data of the HTML report: reports of one or several targets, joined by rule and by cause. */
export interface PageData {
  readonly targets: readonly PageTarget[]
  readonly rules: readonly PageRule[]
  /** The worst first. */
  readonly causes: readonly PageCause[]
  /** What the page does not contain because its size is limited. */
  readonly leftOut: {
    /** Findings of which only the id is shown. */
    readonly findings: number
    /** Findings whose exchange is not shown. */
    readonly exchanges: number
    /** Exchanges that show further findings, which the reports themselves leave out. */
    readonly unlisted: number
  }
}

/** What a page says about a run, apart from rules and causes. */
export interface PageTarget
  extends Pick<
    Report,
    | "target"
    | "profile"
    | "traits"
    | "surfaces"
    | "models"
    | "learned"
    | "seed"
    | "startedAt"
    | "durationMs"
    | "requests"
    | "summary"
    | "stopped"
    | "proxy"
    | "kit"
  > {
  readonly standing: Standing
  /** The outcome as a sentence. */
  readonly says: string
  /** Number of causes. */
  readonly causes: number
}

export interface PageRule extends Pick<RuleResult, "id" | "surface"> {
  readonly says: string
  /** The result for each target; `null` where the rule was not selected. */
  readonly results: readonly (PageResult | null)[]
}

export interface PageResult extends Pick<RuleResult, "verdict" | "severity" | "judged" | "reason"> {
  /** Indexes of the causes of its findings. */
  readonly causes: readonly number[]
}

export interface PageCause extends Pick<Cause, "id" | "rule" | "fault" | "severity" | "means"> {
  /** The worst verdict on any target. */
  readonly verdict: Verdict
  readonly says: string
  readonly source: string
  readonly surface: string
  readonly see: readonly string[]
  readonly occurrences: readonly Occurrence[]
}

/** A cause on one target. */
export interface Occurrence extends Pick<Cause, "operations" | "consequences"> {
  readonly verdict: Verdict
  /** Index of the target. */
  readonly target: number
  readonly findings: readonly PageFinding[]
}

/** A finding; without details where the page is full. */
export interface PageFinding extends Pick<Finding, "id" | "operation" | "times"> {
  readonly details?: FindingDetails
  readonly exchanges?: Finding["exchanges"]
}

export interface FindingDetails
  extends Pick<Finding, "expected" | "actual" | "where" | "curl" | "replay" | "requestId" | "otherProfile"> {
  /** Why the baseline waives the finding, if it does. */
  readonly waiver?: string
  /** The intended fault of the request. */
  readonly requestFault?: string
  /** Part of the response body, for when the exchange is not shown. */
  readonly excerpt: string
  readonly status?: number
  readonly end: string
}
