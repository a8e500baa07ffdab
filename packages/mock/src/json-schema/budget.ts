/** Takes some work off a budget, in microseconds that it takes about. Throws when the budget is used up. */
export type Spend = (amount: number) => void

/** Why a task is given up. */
export class SpentError extends Error {}

/** How much work one request may ask for (chosen). */
const mostWork = 300_000

/** A budget for one request, whose work stays within a time whatever was sent. */
export function budget(): Spend {
  let left = mostWork
  return (amount) => {
    left -= amount
    if (left < 0) throw new SpentError()
  }
}

/** For work that is small, or bounded by something else. */
export const unlimited: Spend = () => {}
