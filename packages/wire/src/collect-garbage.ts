import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/**
 * Creates a function that is told the size of what was handled, in bytes, and collects garbage whenever that adds up to
 * more than `everyBytes`. V8 does so by itself long before it lacks memory, but by the size of the machine: on a large
 * one, what was parsed of a few huge bodies would stay for minutes.
 */
export function createCollector(everyBytes: number): (bytes: number) => void {
  let collect: (() => void) | undefined
  let handled = 0
  return (bytes) => {
    handled += bytes
    if (handled <= everyBytes) return
    handled = 0
    if (collect === undefined) {
      setFlagsFromString("--expose-gc")
      collect = runInNewContext("gc") as () => void
    }
    collect()
  }
}
