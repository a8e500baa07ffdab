import { createMock } from "@nexhina/mock"
import type { MockRequest, Reply } from "@nexhina/wire"
import { describe, expect, test } from "vitest"
import { catalogue } from "../src/catalogue.ts"
import { readOptions } from "../src/options.ts"

const ask = (seed: number, ...headers: (readonly [string, string])[]): MockRequest => ({
  method: "POST",
  target: "/v1/chat/completions",
  headers: [
    ["authorization", "Bearer sk-x"],
    ["content-type", "application/json"],
    ["x-mock-seed", String(seed)],
    ...headers,
  ],
  body: new TextEncoder().encode(
    JSON.stringify({ model: "gpt-4o", stream: true, messages: [{ role: "user", content: "Hi" }] }),
  ),
})

/** Returns all that a client would see, of the first frames of a body that may be endless. */
async function seen({ body, ...rest }: Reply): Promise<string> {
  if (typeof body === "string" || body instanceof Uint8Array) return JSON.stringify([rest, body])
  const texts: string[] = []
  for await (const { bytes } of body) if (texts.push(Buffer.from(bytes).toString()) === 99) break
  return JSON.stringify([rest, texts.join("")])
}

function mockOf(...argv: string[]) {
  const { mock, alterations: always } = readOptions(argv)
  return createMock({ ...mock, always, alterations: catalogue, journal: { maxExchanges: 0 } })
}
const seeds = Array.from({ length: 300 }, (_, seed) => seed)

/** Returns for each seed whether the reply differs from the plain one. */
async function altered(...argv: string[]): Promise<boolean[]> {
  const [mock, plain] = [mockOf(...argv), mockOf()]
  const isAltered: boolean[] = []
  for (const seed of seeds) {
    isAltered.push((await seen(await mock.handle(ask(seed)))) !== (await seen(await plain.handle(ask(seed)))))
  }
  return isAltered
}

describe.each([
  ["--variant", "event-lines"],
  ["--defect", "sse-double-done"],
])("%s %s at a rate", (flag, id) => {
  test("alters that fraction of the requests, always the same ones, and more of them at a higher rate", async () => {
    const low = await altered(flag, `${id}@0.2`)
    const high = await altered(flag, `${id}@0.5`)
    expect(await altered(flag, `${id}@0.2`)).toEqual(low)
    // Five standard deviations.
    const near = (found: readonly boolean[], rate: number) =>
      Math.abs(found.filter(Boolean).length - rate * 300) < 5 * Math.sqrt(300 * rate * (1 - rate))
    expect([near(low, 0.2), near(high, 0.5)]).toEqual([true, true])
    expect(low.filter((isAltered, index) => isAltered && !high[index])).toEqual([])
  })

  test("of 0 alters none, of 1 every request that it acts on", async () => {
    expect(new Set(await altered(flag, `${id}@0`))).toEqual(new Set([false]))
    expect(new Set(await altered(flag, `${id}@1`))).toEqual(new Set([true]))
  })
})

test("a variant and a defect at the same rate strike different requests", async () => {
  const variant = await altered("--variant", "event-lines@0.5")
  const defect = await altered("--defect", "sse-double-done@0.5")
  expect(variant).not.toEqual(defect)
})

test("a fault cuts inside the CR LF of a variant, and names itself without one", async () => {
  const fault = ["x-mock-fault", "after 1 event: half a crlf; then reset"] as const
  const cut = await mockOf("--variant", "crlf").handle(ask(1, fault))
  const [, body] = JSON.parse(await seen(cut)) as [unknown, string]
  expect([cut.end, body.match(/\r\n/g)?.length, body.endsWith("\r")]).toEqual(["reset", 2, true])
  const whole = await mockOf().handle(ask(1, fault))
  expect(Object.fromEntries(whole.headers)["x-mock-inactive"]).toBe("fault")
})
