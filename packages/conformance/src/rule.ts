import type * as fc from "fast-check"
import type { UncertainFact } from "./evidence.ts"
import type { TargetFacts } from "./target/facts.ts"
import type { Ask } from "./target/step.ts"
import type { View } from "./view.ts"

/** RFC 2119: a MUST finding fails the run, a SHOULD finding is a warning, a MAY finding is information. */
export type Severity = "MUST" | "SHOULD" | "MAY"

/** Where in an exchange a fault lies. */
export type Where =
  | { readonly part: "status" }
  | { readonly part: "header"; readonly name: string }
  /** `pointer` is an RFC 6901 JSON pointer into the body. */
  | { readonly part: "body"; readonly pointer?: string; readonly offset?: number }
  /** The event's number from 0, its byte offset in the body, and a JSON pointer into its data. */
  | { readonly part: "event"; readonly event: number; readonly offset: number; readonly pointer?: string }
  | { readonly part: "end" }

/** One breaking of a rule, as a value. */
export interface Fault<Name extends string = string> {
  /** Which of the rule's `faults` it is. */
  readonly fault: Name
  readonly at: Where
  readonly expected: string
  readonly actual: string
}

/** Why a rule cannot be judged on an exchange on which it could have been. */
export interface Undecided {
  readonly undecided: string
}

export interface RuleBase<V, Name extends string> {
  /** Dotted, for ever: never reused, never renamed. */
  readonly id: string
  /** The kit's version that brought it. */
  readonly since: string
  /** The sentence: "MUST send exactly one non-null finish_reason per choice". */
  readonly says: string
  readonly severity: Severity | ((known: TargetFacts) => Severity | "not-applicable")
  /** The documentation page, RFC or specification section that says so. */
  readonly source: string
  /** Real threads in which it was broken. Default: none known. */
  readonly see?: readonly string[]
  readonly on: View<V>
  /**
   * What this rule rests on: ids of rules, or `id:fault` where only that way to break one is in the way. Where one
   * of them failed on the same exchange, this one is not judged.
   */
  readonly after?: readonly string[]
  /** What else than its view it cannot be judged without. Default: nothing. */
  readonly needs?: readonly UncertainFact[]
  /** Each way to break it, by name, in words. */
  readonly faults: Readonly<Record<Name, string>>
  /**
   * Requests of its own, besides its view's probes: a fixed sequence, or an arbitrary from which as many samples
   * are drawn as the run asks for. Default: none (it judges what others asked).
   */
  asks?(known: TargetFacts): readonly Ask[] | fc.Arbitrary<readonly Ask[]>
  /**
   * The finding (`true`), or these of its faults, depend on what a model chose to say: they count only when they are seen
   * again on the same request, on each recorded one of several, or the target is deterministic; otherwise they are `flaky`.
   * Default: none.
   */
  readonly modelDependent?: true | readonly NoInfer<Name>[]
  /**
   * The rule knows of what was redacted in a recording, and its findings are exact. Default: no, and a fault in redacted
   * bytes is undecided.
   */
  readonly readsRedactions?: true
}

/** Judges each exchange of its view by itself; the usual kind. */
export interface ExchangeRule<V = unknown, Name extends string = string> extends RuleBase<V, Name> {
  readonly scope?: "exchange"
  holds(view: V, known: TargetFacts): readonly Fault<Name>[] | Undecided
}

/** Judges together the exchanges of one sample that it asked for itself, or (`run`) all of its view. */
export interface ManyRule<V = unknown, Name extends string = string> extends RuleBase<V, Name> {
  readonly scope: "group" | "run"
  /**
   * `of` in a fault is the index of the view that shows it; `times` has, for each view, the number of views that are like
   * it and are left out.
   */
  holds(
    views: readonly V[],
    known: TargetFacts,
    times: readonly number[],
  ): readonly (Fault<Name> & { readonly of: number })[] | Undecided
  /**
   * Returns what the rule reads of a view: of those that are alike, it is given the first (`run`). Default: no two are
   * alike.
   */
  alike?(view: V): string
  /**
   * Returns whether no other view can change what the rule says (`run`): then those that are too many to be kept are
   * not missed. Default: no.
   */
  isSettled?(views: readonly V[]): boolean
  /**
   * What is compared of views that are too many to be kept (`run`): one is at fault where an earlier one has the same
   * key and another value. Default: nothing.
   */
  readonly pairs?: {
    of(view: V): { readonly key: string; readonly value: string } | undefined
    fault(view: V): Fault<Name>
  }
}

export type Rule = ExchangeRule | ManyRule

/** Returns whether a fault depends on what a model chose to say. */
export const isModelDependent = ({ modelDependent }: Rule, { fault }: Pick<Fault, "fault">): boolean =>
  modelDependent === true || modelDependent?.includes(fault) === true

/** Checks a rule's literal: its view's type, and that it only reports faults that it names. */
export function rule<V, const Name extends string>(literal: ExchangeRule<V, Name>): ExchangeRule<V, Name>
export function rule<V, const Name extends string>(literal: ManyRule<V, Name>): ManyRule<V, Name>
export function rule<V, const Name extends string>(
  literal: ExchangeRule<V, Name> | ManyRule<V, Name>,
): ExchangeRule<V, Name> | ManyRule<V, Name> {
  return literal
}

export function severityOf(rule: Rule, known: TargetFacts): Severity | "not-applicable" {
  return typeof rule.severity === "function" ? rule.severity(known) : rule.severity
}
