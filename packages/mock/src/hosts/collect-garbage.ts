import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/**
 * Creates a function that collects garbage. V8 does so by itself long before it lacks memory, but by the size of the
 * machine: on a large one, what was parsed of a few huge bodies would stay for minutes.
 */
export function createCollector(): () => void {
  let collect: (() => void) | undefined
  return () => {
    if (collect === undefined) {
      setFlagsFromString("--expose-gc")
      collect = runInNewContext("gc") as () => void
    }
    collect()
  }
}
