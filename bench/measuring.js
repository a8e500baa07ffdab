// What several benchmarks measure with.
import { fork } from "node:child_process"
import { once } from "node:events"

/** Returns the number that is greater than a share of some numbers. */
export const percentile = (numbers, share) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(share * (numbers.length - 1))]

/** Returns the middle one of some numbers. */
export const median = (numbers) => percentile(numbers, 0.5)

/** Runs a file in a process of its own. Resolves with what it sends first; `facts` asks it for what it has measured. */
export async function startApart(file, args, execArgv = []) {
  const child = fork(file, args, { execArgv })
  const [url] = await once(child, "message")
  const facts = async () => {
    child.send("facts")
    return (await once(child, "message"))[0]
  }
  return { url, facts, stop: () => child.kill() }
}

/** The other side: sends an address, and `measure()` whenever it is asked, until its parent ends. */
export function reportTo(parent, url, measure) {
  parent.on("message", async () => parent.send(await measure()))
  parent.on("disconnect", () => parent.exit())
  parent.send(url)
}
