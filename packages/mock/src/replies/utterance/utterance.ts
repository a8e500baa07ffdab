import type { HostedItem } from "./hosted-tools.ts"

/** What a model says, before limits and before any wire format. Chat and Responses share it. */
export interface Utterance {
  /** In the order in which the model says them: reasoning first, then hosted tools, text, a refusal or calls. */
  readonly segments: readonly Segment[]
  /** Whether a content filter ends the text halfway. Default: false. */
  readonly isFiltered?: boolean
  /** Token counts to report. Default: those that the mock counts. */
  readonly usage?: UsageCounts
}

/** Token counts that replace those of the mock, each on its own. */
export interface UsageCounts {
  /** Of the prompt. */
  readonly input?: number
  /** Of the reply, reasoning included. */
  readonly output?: number
  readonly reasoning?: number
  /** Tokens of the prompt that were read from a cache. */
  readonly cached?: number
}

/** A part of an utterance. */
export type Segment = TextSegment | CallSegment | HostedSegment

/** Reasoning, text or a refusal. */
export interface TextSegment {
  readonly kind: "reasoning" | "text" | "refusal"
  readonly text: string
}

/** A call of a tool. */
export interface CallSegment {
  readonly kind: "call"
  /** `legacy` is a function of chat's `functions`, the form before `tools`. */
  readonly form: "function" | "custom" | "legacy"
  readonly callId: string
  readonly name: string
  /** Arguments as JSON text, or the free text of a custom tool. */
  readonly text: string
}

/** Use of a tool that the server runs, such as a web search. Counts no tokens. Chat completions leave it out. */
export interface HostedSegment {
  readonly kind: "hosted"
  readonly item: HostedItem
}
