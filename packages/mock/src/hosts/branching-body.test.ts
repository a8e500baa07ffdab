import type { UnderlyingSource } from "node:stream/web"
import fc from "fast-check"
import { expect, test } from "vitest"
import { branching } from "./branching-body.ts"

/** What a branch does: reads so many chunks, then cancels; or reads to the end. */
const uses = fc.option(fc.nat(4), { nil: undefined })

async function use(body: ReadableStream<Uint8Array>, chunks: number | undefined): Promise<number[]> {
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader()
  const read: number[] = []
  while (chunks === undefined || read.length < chunks) {
    const { done, value } = await reader.read()
    if (done) return read
    read.push(...value)
  }
  await reader.cancel()
  return read
}

/** Returns a response with one byte for each chunk, and whether it was cancelled. */
function responseOf(count: number, fails = false) {
  const seen = { isCancelled: false }
  let sent = 0
  const source: UnderlyingSource<Uint8Array> = {
    pull(controller) {
      if (sent < count) controller.enqueue(Uint8Array.of(sent++))
      else if (fails) controller.error(new TypeError("terminated"))
      else controller.close()
    },
    cancel() {
      seen.isCancelled = true
    },
  }
  const body = new ReadableStream(source, { highWaterMark: 0 })
  return { response: new Response(body, { status: 429, headers: { "retry-after": "1" } }), seen }
}

const bytes = (count: number) => Array.from({ length: count }, (_, place) => place)

test("every clone reads what the response has, whatever the others read and cancel", async () => {
  const cases = fc.tuple(fc.nat(4), fc.array(uses, { minLength: 1, maxLength: 4 }))
  await fc.assert(
    fc.asyncProperty(cases, async ([count, all]) => {
      const { response, seen } = responseOf(count)
      const whole = branching(response)
      const clones = all.slice(1).map(() => whole.clone())
      const bodies = [whole, ...clones].map(({ body }) => body ?? new ReadableStream())
      // One after the other: none waits for the next one.
      for (const [index, chunks] of all.entries()) {
        const read = await use(bodies[index] ?? new ReadableStream(), chunks)
        expect(read).toEqual(bytes(Math.min(count, chunks ?? count)))
      }
      const readAll = all.some((chunks) => chunks === undefined || chunks > count)
      expect(seen.isCancelled).toBe(!readAll)
    }),
  )
})

test("an error reaches every clone, after what comes before it", async () => {
  const { response } = responseOf(2, true)
  const whole = branching(response)
  for (const { body } of [whole.clone(), whole]) {
    const reader = body?.getReader()
    for (const byte of bytes(2)) expect((await reader?.read())?.value).toEqual(Uint8Array.of(byte))
    await expect(reader?.read()).rejects.toThrow("terminated")
  }
})

test("status and headers stay, and a response without a body too", async () => {
  const { status, headers } = branching(responseOf(1).response)
  expect([status, Object.fromEntries(headers)]).toEqual([429, { "retry-after": "1" }])
  expect(branching(new Response(null, { status: 204 })).status).toBe(204)
})
