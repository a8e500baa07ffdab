import type { Evidence } from "../evidence.ts"

/** Stands for a reading that is `undefined`. */
const none = Symbol("none")

const readings = Symbol("readings")

/** An exchange that keeps its readings, where neither a copy nor a comparison of it sees them. */
type ReadEvidence = Evidence & { readonly [readings]?: Map<object, unknown> }

/** Returns the readings of an exchange. Kept on it, because looking it up in a weak map costs more than most readings. */
function readingsOf(exchange: ReadEvidence): Map<object, unknown> {
  const known = exchange[readings]
  if (known !== undefined) return known
  const fresh = new Map<object, unknown>()
  Object.defineProperty(exchange, readings, { value: fresh })
  return fresh
}

/** Makes a reading of exchanges that is done once for each, and kept for as long as the exchange lives. */
export function keptOnExchange<V>(
  read: (exchange: Evidence) => V | undefined,
): (exchange: Evidence) => V | undefined {
  return (exchange) => {
    const known = readingsOf(exchange)
    const earlier = known.get(read)
    if (earlier !== undefined) return earlier === none ? undefined : (earlier as V)
    const value = read(exchange)
    known.set(read, value === undefined ? none : value)
    return value
  }
}
