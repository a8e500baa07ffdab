import { limits } from "../limits.ts"

/** Charges work against a budget, in estimated microseconds. Throws a `SpentError` when the budget is used up. */
export type Spend = (amount: number) => void

/** Thrown when a budget is used up. */
export class SpentError extends Error {}

/** Creates the budget of one request, which limits the time that it takes whatever was sent. */
export function budget(): Spend {
  let left: number = limits.schemaWork.max
  return (amount) => {
    left -= amount
    if (left < 0) throw new SpentError()
  }
}

/** A budget without a limit, for work that is small or limited otherwise. */
export const unlimited: Spend = () => {}
