import type { Evidence } from "../evidence.ts"
import { limits } from "../limits.ts"
import type { Fault, ManyRule } from "../rule.ts"
import { requestKindOf } from "./finding-id.ts"
import { Fingerprints } from "./fingerprints.ts"

/** The place of an exchange in the order of samples, which does not depend on when their replies came. */
export interface Place {
  readonly by: string
  readonly index: number
  readonly at: number
}

export const comparePlaces = (a: Place, b: Place): number =>
  a.by.localeCompare(b.by, "en") || a.index - b.index || a.at - b.at

/** A view that a rule about the whole run compares with those of other groups. */
export interface SeenView {
  readonly view: unknown
  readonly exchange: Evidence
  readonly place: Place
  /** What its group needs, so that it counts. */
  readonly needs: string
}

/** A view, and how many it stands for. */
export interface ComparedView<Group> extends Omit<SeenView, "exchange"> {
  /** The group as it is kept. */
  readonly group: Group
  readonly times: number
}

/** What a rule about the whole run compares, in memory that does not depend on the number of views. */
export class ComparedViews<Group> {
  private readonly rule: ManyRule
  private readonly kept = new Map<string, ComparedView<Group>>()
  private fingerprints: Fingerprints | undefined
  private isSettled: boolean | undefined
  /** Whether there were views that the rule cannot take into account. */
  isCut = false

  constructor(rule: ManyRule) {
    this.rule = rule
  }

  /**
   * Adds a view; `brief` returns its group as it is kept. Returns the fault of a view that is not kept and differs from
   * an earlier one.
   */
  add(seen: SeenView, brief: () => Group): Fault | undefined {
    const key = this.keyOf(seen)
    const earlier = this.kept.get(key)
    if (earlier) this.kept.set(key, joined(earlier, seen, brief))
    else if (this.kept.size < limits.comparedExchanges.max) {
      const { view, place, needs } = seen
      this.kept.set(key, { view, place, needs, group: brief(), times: 1 })
    } else return this.beyond(seen.view)
    return undefined
  }

  private keyOf({ view, exchange, needs }: SeenView): string {
    const alike = this.rule.alike?.(view)
    return alike === undefined ? String(this.kept.size) : `${needs} ${requestKindOf(exchange)} ${alike}`
  }

  /** Compares a view that is too many to be kept, as far as the rule can. */
  private beyond(view: unknown): Fault | undefined {
    const { pairs, isSettled } = this.rule
    if (pairs) {
      const pair = pairs.of(view)
      const met = pair && this.fingerprinted(pairs).add(pair.key, pair.value)
      if (met === "full") this.isCut = true
      return met === "other" ? pairs.fault(view) : undefined
    }
    this.isSettled ??= isSettled?.([...this.kept.values()].map((each) => each.view)) ?? false
    if (!this.isSettled) this.isCut = true
    return undefined
  }

  /** Returns the fingerprints, which at first are those of the views that are kept. */
  private fingerprinted({ of }: NonNullable<ManyRule["pairs"]>): Fingerprints {
    if (this.fingerprints) return this.fingerprints
    this.fingerprints = new Fingerprints(limits.comparedIds.max)
    for (const { view } of this.kept.values()) {
      const pair = of(view)
      if (pair) this.fingerprints.add(pair.key, pair.value)
    }
    return this.fingerprints
  }

  /** Returns the views that are kept, in the order of their places. */
  inOrder(): ComparedView<Group>[] {
    return [...this.kept.values()].sort((a, b) => comparePlaces(a.place, b.place))
  }
}

/** Adds a view to one that is alike: the first by its place stays. */
function joined<Group>(
  earlier: ComparedView<Group>,
  { view, place, needs }: SeenView,
  brief: () => Group,
): ComparedView<Group> {
  const times = earlier.times + 1
  if (comparePlaces(earlier.place, place) <= 0) return { ...earlier, times }
  return { view, place, needs, group: brief(), times }
}
