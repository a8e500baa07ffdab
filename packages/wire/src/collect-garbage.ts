import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/**
 * Creates a function that is told the size of what was handled, in bytes, and collects garbage whenever that adds up to
 * more than `everyBytes`. V8 does so by itself long before it lacks memory, but by the size of the machine: on a large
 * one, what was parsed of a few huge bodies would stay for minutes. With `growthPercent`, from the first collection on V8
 * also collects when the heap has grown by as much, for as long as the process lives: only for a program of ours.
 */
export function createCollector(
  everyBytes: number,
  { growthPercent }: { readonly growthPercent?: number } = {},
): (bytes: number) => void {
  let collect: (() => void) | undefined
  let handled = 0
  return (bytes) => {
    handled += bytes
    if (handled <= everyBytes) return
    handled = 0
    if (collect === undefined) {
      setFlagsFromString("--expose-gc")
      if (growthPercent !== undefined) setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
      collect = runInNewContext("gc") as () => void
    }
    collect()
  }
}
