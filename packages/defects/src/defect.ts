import type { NamedAlteration } from "@nexhina/transcript"

/** A way in which a real server was wrong. */
export type Defect = NamedAlteration & {
  readonly says: string
  /** The rule whose sentence it breaks, and the rule's name for this way to break it. */
  readonly breaks: string
  readonly fault: string
  /** Other rules that rightly find it too. */
  readonly also: readonly string[]
  /** Threads in which a server did this, or the sentence of the contract that it breaks. */
  readonly seen: readonly string[]
}

/** A form that differs from the mock's own and is legal all the same: no MUST rule may object. */
export type Variant = NamedAlteration & {
  readonly says: string
  /** The SHOULD and MAY rules that it may draw. */
  readonly notes: readonly string[]
  /** Why it is legal: threads, or a section of a specification. */
  readonly seen: readonly string[]
}
