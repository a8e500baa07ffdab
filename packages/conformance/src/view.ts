import { endpoints, isStreamed, type Surface } from "@nexhina/schemas"
import type { Evidence, Need } from "./evidence.ts"
import type { Probe } from "./probe.ts"
import { keptOnExchange } from "./reading/kept-on-exchange.ts"

/** Where a rule stands in a report: on a surface, on those that stream, or on every endpoint. */
export type Place = Surface | "streams" | "http"

const streaming: ReadonlySet<Surface> = new Set(
  Object.values(endpoints)
    .filter(isStreamed)
    .map(({ surface }) => surface),
)

/** Whether a rule in a place is checked when these surfaces are. */
export const isWithin = (place: Place, included: readonly Surface[]): boolean =>
  place === "http" ||
  included.some((surface) => (place === "streams" ? streaming.has(surface) : place === surface))

/**
 * Which exchanges a rule looks at, and as what. Everything that several rules need to read (JSON, chunks, the
 * assembled reply) is read here, once per exchange.
 */
export interface View<V> {
  readonly id: string
  /** Which exchanges these are, in words: "complete chat streams". */
  readonly says: string
  /** Where its rules stand, and the exchanges are that it reads. */
  readonly surface: Place
  /** It also reads exchanges on other surfaces. Default: no. */
  readonly isEverywhere?: true
  /** The stock probes that feed it: selecting a rule selects them. */
  readonly probes: readonly Probe[]
  /**
   * Something that no request of the kit can bring about (a 429, a redirect): where it never came, the rules are
   * `not-run`. Default: no, and they are `inconclusive`.
   */
  readonly occasional?: true
  /**
   * What its rules cannot be judged without: measurements, or facts about the request that cannot be inferred. Where
   * one is missing, the rules are undecided. Default: nothing.
   */
  readonly needs?: readonly Need[]
  /** The reading of an exchange; `undefined` when it is none of these. */
  of(exchange: Evidence): V | undefined
}

/** Whether a view reads exchanges on these surfaces; none is that of a path that no operation has. */
export const mayRead = ({ surface, isEverywhere }: View<unknown>, on: readonly Surface[]): boolean =>
  isEverywhere === true || isWithin(surface, on)

/** Makes a view whose readings are kept for as long as their exchange lives. */
export function view<V>(definition: View<V>): View<V> {
  return { ...definition, of: keptOnExchange((exchange) => definition.of(exchange)) }
}
