import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { afterEach, expect, test, vi } from "vitest"
import { type ScenarioWatch, watchScenarios } from "../src/scenario-watch.ts"

const folder = mkdtempSync(join(tmpdir(), "watch-"))
const open: ScenarioWatch[] = []
afterEach(() => {
  for (const watching of open.splice(0)) watching.close()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
})

const inFolder = (...names: string[]) => names.map((name) => join(folder, name))
const touch = (name: string) => appendFileSync(join(folder, name), "\n")

/** Watches some paths; `after` makes changes and resolves with how often they were noticed. */
function watching(...names: string[]) {
  let count = 0
  const watched = watchScenarios(inFolder(...names), () => count++)
  open.push(watched)
  return {
    watched,
    async after(change: () => void): Promise<number> {
      const before = count
      change()
      // Longer than changes take to be noticed; a slow machine only notices less.
      await pause(300)
      return count - before
    },
    until: (times: number) => vi.waitFor(() => expect(count).toBe(times), { timeout: 10_000 }),
  }
}

test("a file of scenarios is watched, and the log beside it is not", async () => {
  writeFileSync(join(folder, "a.yaml"), "")
  const { after, until } = watching("a.yaml")
  const others = ["mock.log", "log.json", "log", "b.yaml"]
  expect(await after(() => others.forEach(touch))).toBe(0)
  touch("a.yaml")
  await until(1)
})

test("modules next to scenarios in code are watched", async () => {
  writeFileSync(join(folder, "a.ts"), "")
  const { after, until } = watching("a.ts")
  expect(await after(() => touch("log.ndjson"))).toBe(0)
  touch("answers.ts")
  await until(1)
})

test("in a folder, its files of scenarios and those of new folders are watched", async () => {
  mkdirSync(join(folder, "all"))
  const { after, until } = watching("all")
  expect(await after(() => touch("all/log.ndjson"))).toBe(0)
  mkdirSync(join(folder, "all", "more"))
  await until(1)
  touch("all/more/a.yaml")
  await until(2)
})

test("images that scenarios refer to are watched while they do", async () => {
  mkdirSync(join(folder, "images"))
  writeFileSync(join(folder, "a.yaml"), "")
  const { watched, after, until } = watching("a.yaml")
  watched.images(inFolder("images/dot.png"))
  touch("images/dot.png")
  await until(1)
  watched.images([])
  expect(await after(() => touch("images/dot.png"))).toBe(0)
})

test("a path that leads through a file is not watched, and nothing ends", async () => {
  writeFileSync(join(folder, "a.yaml"), "")
  writeFileSync(join(folder, "images"), "")
  const { watched, until } = watching("a.yaml")
  watched.images(inFolder("images/deep/dot.png"))
  touch("a.yaml")
  await until(1)
})
