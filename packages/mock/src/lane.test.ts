import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createLane } from "./lane.ts"

describe("a lane", () => {
  test("runs tasks one after another, in order, except those whose client leaves before their turn", async () => {
    const leaves = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(leaves, async (all) => {
        const lane = createLane()
        const events: string[] = []
        const results = all.map((isLeaving, index) => {
          const client = new AbortController()
          const result = lane.of(client).run(async (pause) => {
            events.push(`begin ${index}`)
            await pause()
            events.push(`end ${index}`)
            return index
          })
          if (isLeaving) client.abort(index)
          return result
        })
        expect(await Promise.allSettled(results)).toEqual(
          all.map((isLeaving, index) =>
            isLeaving ? { status: "rejected", reason: index } : { status: "fulfilled", value: index },
          ),
        )
        expect(events).toEqual(
          all.flatMap((isLeaving, index) => (isLeaving ? [] : [`begin ${index}`, `end ${index}`])),
        )
      }),
    )
  })

  test("stops a task at its next turn when its client leaves, and goes on with the next one", async () => {
    const lane = createLane()
    const client = new AbortController()
    const steps: string[] = []
    const stopped = lane.of(client).run(async () => {
      steps.push("first")
      client.abort("gone")
      await lane.of(client).turn()
      steps.push("never")
    })
    const next = lane.of({}).run(async () => steps.push("next"))
    await expect(stopped).rejects.toBe("gone")
    await next
    expect(steps).toEqual(["first", "next"])
  })

  test("lets the event loop turn twice between two steps: a connection is accepted in one, its request read in the next", async () => {
    const lane = createLane()
    let turns = 0
    const count = () => {
      turns++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    const steps = Array.from({ length: 5 }, async () => {
      await lane.of({}).turn()
      return turns
    })
    const seen = await Promise.all(steps)
    clearImmediate(counting)
    const between = seen.slice(1).map((turn, index) => turn - (seen[index] ?? 0))
    expect(between).toEqual([2, 2, 2, 2])
  })

  test("goes on after a task that fails", async () => {
    const lane = createLane()
    const failed = lane.of({}).run(async () => {
      throw new Error("a bug")
    })
    const next = lane.of({}).run(async () => "done")
    await expect(failed).rejects.toThrow("a bug")
    expect(await next).toBe("done")
  })

  test("gives each turn a turn of the event loop of its own", async () => {
    const lane = createLane()
    let loops = 0
    const count = () => {
      loops++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    const seen = await Promise.all(
      Array.from({ length: 5 }, () =>
        lane
          .of({})
          .turn()
          .then(() => loops),
      ),
    )
    clearImmediate(counting)
    expect(new Set(seen).size).toBe(5)
  })
})
