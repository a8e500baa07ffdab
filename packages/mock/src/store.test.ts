import { expect, test } from "vitest"
import { memoryStore } from "./store.ts"

test("get, set, delete and clear", async () => {
  const store = memoryStore()
  expect(await store.get("a")).toBeUndefined()
  await store.set("a", { one: 1 })
  await store.set("b", [2])
  expect([await store.get("a"), await store.get("b")]).toEqual([{ one: 1 }, [2]])
  expect([await store.delete("a"), await store.delete("a")]).toEqual([true, false])
  await store.clear()
  expect(await store.get("b")).toBeUndefined()
})

test("updates of one key do not get lost", async () => {
  const store = memoryStore()
  const increment = (value: unknown) => (typeof value === "number" ? value : 0) + 1
  const results = await Promise.all(Array.from({ length: 100 }, () => store.update("count", increment)))
  expect(results).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  expect(await store.get("count")).toBe(100)
})

test("a text beyond Latin-1 takes twice its length", async () => {
  for (const [character, kept] of [
    ["é", [true, true]],
    ["€", [false, true]],
  ] as const) {
    const store = memoryStore()
    const text = character.repeat(10 * 2 ** 20)
    await store.set("first", text)
    await store.set("second", text)
    expect([await store.get("first"), await store.get("second")].map((each) => each === text)).toEqual(kept)
  }
})

test("a value that is too large is not kept, nor what it replaces, and is not written first", async () => {
  const store = memoryStore()
  await store.set("a", "small")
  const toJSON = () => expect.fail("it was written")
  await store.set("a", { texts: Array(9).fill("€".repeat(2 ** 21)), toJSON })
  expect(await store.get("a")).toBeUndefined()
})
