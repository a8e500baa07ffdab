import type { Reply } from "@nexhina/wire"
import { expect, test } from "vitest"
import { toFetch } from "./fetch.ts"

const interim = (end: Reply["end"]) =>
  toFetch({ handle: async () => ({ status: 102, headers: [], body: "", end }) })
const address = "http://localhost/v1/models"

test("an interim response before a reset is a failed request, as in fetch", async () => {
  await expect(interim("reset")(new Request(address))).rejects.toThrow(new TypeError("fetch failed"))
})

test("after an interim response and nothing else, a request waits until its caller stops it", async () => {
  const caller = new AbortController()
  const asked = interim("hang")(new Request(address, { signal: caller.signal }))
  const first = await Promise.race([
    asked.catch(() => "rejected"),
    new Promise((go) => setImmediate(go, "waits")),
  ])
  caller.abort(new Error("enough"))
  await expect(asked).rejects.toThrow("enough")
  expect(first).toBe("waits")
})
