import { connect } from "node:net"
import { setImmediate as turn } from "node:timers/promises"
import type { Frame, MockRequest, Reply } from "@nexhina/wire"
import fc from "fast-check"
import { afterEach, describe, expect, test } from "vitest"
import { type StartOptions, startMock } from "../hosts/node.ts"
import { createMock } from "../mock.ts"
import { parseFault } from "./fault.ts"
import { underFault } from "./timeline.ts"

const utf8 = new TextEncoder()
const framesOf = (reply: Reply) => [...(reply.body as Iterable<Frame>)]
const bytesOf = (reply: Reply) => Buffer.concat(framesOf(reply).map(({ bytes }) => bytes))
const textOf = (reply: Reply) => bytesOf(reply).toString()
const streamType = [["content-type", "text/event-stream"]] as const

/** Streams of events with any line ends, split into frames with times. */
const streams = fc
  .array(
    fc.record({
      lines: fc.array(fc.constantFrom('data: {"a":"é𝄞"}', ": ping", "event: x", "data: [DONE]"), {
        minLength: 1,
        maxLength: 3,
      }),
      newline: fc.constantFrom("\n", "\r\n", "\r"),
      gapMs: fc.nat(50),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((events) => {
    let atMs = 0
    const body = events.map(({ lines, newline, gapMs }) => {
      atMs += gapMs
      return { bytes: utf8.encode(`${lines.join(newline)}${newline}${newline}`), atMs }
    })
    const reply: Reply = { status: 200, headers: streamType, body, end: "complete" }
    return reply
  })

const steps = fc.array(
  fc.oneof(
    fc.nat(20).map((count) => `${count} bytes`),
    fc.nat(3).map((count) => `then ${count} events`),
    fc.nat(50).map((ms) => `then stall ${ms}ms`),
    fc.constantFrom("half a character", "half a JSON", "after half a crlf"),
  ),
  { minLength: 1, maxLength: 5 },
)
const ends = fc.constantFrom("close", "reset", "hang")

test("a fault delivers a prefix, in order, each byte exactly as late as the stalls before it", () => {
  fc.assert(
    fc.property(streams, steps, fc.option(ends), (reply, before, end) => {
      const fault = parseFault([...before, ...(end === null ? [] : [end])].join("; "))
      const struck = underFault(reply, fault)
      if (struck === undefined || struck.head?.withheld) return
      const whole = bytesOf(reply)
      const sent = bytesOf(struck)
      expect(whole.subarray(0, sent.length).equals(sent)).toBe(true)
      if (end === null) expect([sent, struck.end]).toEqual([whole, "complete"])
      const times = framesOf(struck).map(({ atMs = Number.NaN }) => atMs)
      expect([...times].sort((a, b) => a - b)).toEqual(times)
      const stalled = fault.steps.reduce((sum, step) => sum + (step.does === "stall" ? step.ms : 0), 0)
      const last = framesOf(reply).at(-1)?.atMs ?? 0
      if (end === null && sent.length > 0) expect(times.at(-1)).toBeLessThanOrEqual(last + stalled)
    }),
  )
})

test("bytes and stalls add up, however they are divided into steps", () => {
  fc.assert(
    fc.property(
      streams,
      fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 6 }),
      (reply, pairs) => {
        const divided = pairs.map(([bytes, ms]) => `${bytes} bytes; stall ${ms}ms`).join("; then ")
        const struck = underFault(reply, parseFault(`${divided}; reset`))
        const bytes = pairs.reduce((sum, [count]) => sum + count, 0)
        if (struck === undefined) expect(bytes).toBeGreaterThan(bytesOf(reply).length)
        else expect(bytesOf(struck).length).toBe(bytes)
      },
    ),
  )
})

test("events end with their blank line, whatever the line ends", () => {
  fc.assert(
    fc.property(streams, fc.integer({ min: 1, max: 6 }), (reply, count) => {
      const struck = underFault(reply, parseFault(`after ${count} events: close`))
      const bodies = framesOf(reply)
      if (struck === undefined) {
        expect(count).toBeGreaterThan(bodies.length)
        return
      }
      expect(bytesOf(struck)).toEqual(Buffer.concat(bodies.slice(0, count).map(({ bytes }) => bytes)))
    }),
  )
})

test("a drip has pieces of its size, each no earlier than its time, and all the bytes", () => {
  fc.assert(
    fc.property(
      streams,
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 50 }),
      (reply, size, ms) => {
        const struck = underFault(reply, parseFault(`after head: drip ${size} bytes every ${ms}ms`))
        if (struck === undefined) throw new Error("inactive")
        expect(textOf(struck)).toBe(textOf(reply))
        const frames = framesOf(struck)
        expect(frames.every(({ bytes }) => bytes.length <= size)).toBe(true)
        const times = frames.map(({ atMs = Number.NaN }) => atMs)
        expect(times.slice(1).every((at, index) => at - (times[index] ?? 0) >= ms)).toBe(true)
      },
    ),
  )
})

describe("cuts inside", () => {
  const cut = (text: string, where: string, headers: Reply["headers"] = streamType) =>
    underFault({ status: 200, headers, body: text, end: "complete" }, parseFault(`half a ${where}; close`))
  test.each(["é", "€", "𝄞"])("the character %s", (character) => {
    const struck = cut(`data: a${character}\n\n`, "character")
    if (struck === undefined) throw new Error("inactive")
    const sent = bytesOf(struck)
    expect(sent.subarray(0, 7).toString()).toBe("data: a")
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(sent)).toThrow()
  })
  test("the JSON of an event, the JSON of a body and a CR LF", () => {
    const sent = (...given: Parameters<typeof cut>) => {
      const struck = cut(...given)
      return struck && textOf(struck)
    }
    expect(sent('data: {"a":12}\n\n', "json")).toBe('data: {"a"')
    expect(sent('{"a":[1,2]}', "json", [["content-type", "application/json"]])).toBe('{"a":')
    expect(sent("data: 1\r\n\r\n", "crlf")).toBe("data: 1\r")
  })
  test("nothing of the kind does not act", () => {
    expect(cut("data: a\n\n", "character")).toBeUndefined()
    expect(cut("data: a\n\n", "json")).toBeUndefined()
    expect(cut("data: a\n\n", "crlf")).toBeUndefined()
  })
})

describe("the grammar", () => {
  test("the example of the documentation", () => {
    expect(parseFault("after 2 events: stall 5s; then 3 bytes; then reset@0.25")).toEqual({
      steps: [
        { does: "deliver", amount: { unit: "events", count: 2 } },
        { does: "stall", ms: 5000 },
        { does: "deliver", amount: { unit: "bytes", count: 3 } },
        { does: "end", end: "reset" },
      ],
      rate: 0.25,
    })
  })
  test.each([
    [
      "after 2 evnts: reset",
      "Invalid fault, step 1 ('after 2 evnts'): expected 'head', '2 events', '3 bytes'",
    ],
    ["", "Invalid fault, step 1 (''): expected 'head'"],
    ["after 2 events, reset", "'close', 'reset', 'hang'. Separate steps by ';' or ':'."],
    ["reset; stall 5s", "Invalid fault, step 2 ('stall 5s'): no step follows the end of a reply."],
    ["drip 1 byte every 5ms; 3 bytes", "Invalid fault, step 2 ('3 bytes'): only an end follows 'drip'."],
    ["drip 0 bytes every 5ms", "Invalid fault, step 1 ('drip 0 bytes every 5ms'): at least 1 byte."],
    ["1 event; head", "Invalid fault, step 2 ('head'): 'head' is the first step, or follows a stall."],
    ["reset@2", "Invalid fault: expected a rate from 0 to 1 after '@', but got '2'."],
    ["stall 30h", "Invalid fault, step 1 ('stall 30h'): expected"],
    ["stall 2000m", "Invalid fault: its stalls are longer than a day."],
    ["x".repeat(1001), "Invalid fault: it has more than 1000 characters."],
    [";".repeat(40), "Invalid fault: it has 41 steps, at most 32 are supported."],
  ])("%.40s is refused", (text, message) => {
    expect(() => parseFault(text)).toThrow(message)
  })
  test("any text is parsed or refused with a message, quickly", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseFault(text)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
        }
      }),
    )
  })
})

const ask = (headers: readonly (readonly [string, string])[] = [], stream = true): MockRequest => ({
  method: "POST",
  target: "/v1/chat/completions",
  headers: [["authorization", "Bearer sk-x"], ["content-type", "application/json"], ...headers],
  body: utf8.encode(
    JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hi 𝄞" }], stream }),
  ),
})

describe("the mock", () => {
  test("names a fault that cannot act, and answers as without it", async () => {
    const plain = await createMock().handle(ask())
    const reply = await createMock({ fault: "after 500 events: reset" }).handle(ask())
    expect(reply).toEqual({ ...plain, headers: [...plain.headers, ["x-mock-inactive", "fault"]] })
  })
  test("the header replaces the option, and none switches it off", async () => {
    const mock = createMock({ fault: "reset" })
    expect((await mock.handle(ask())).end).toBe("reset")
    expect((await mock.handle(ask([["x-mock-fault", "hang"]]))).end).toBe("hang")
    expect((await mock.handle(ask([["x-mock-fault", "none"]]))).end).toBe("complete")
    const refused = await mock.handle(ask([["x-mock-fault", "explode"]]))
    expect([refused.status, JSON.parse(String(refused.body)).error.param]).toEqual([400, "x-mock-fault"])
  })
  test("a preflight is spared", async () => {
    const preflight = { ...ask(), method: "OPTIONS", body: new Uint8Array() }
    expect((await createMock({ fault: "reset" }).handle(preflight)).end).toBe("complete")
  })
  test("a rate is a fraction of the requests, and a request has its fault always or never", async () => {
    const mock = createMock({ fault: "reset@0.3", journal: { maxExchanges: 0 } })
    const ends = async () => {
      const found: string[] = []
      for (let seed = 0; seed < 400; seed++)
        found.push((await mock.handle(ask([["x-mock-seed", `${seed}`]]))).end)
      return found
    }
    const first = await ends()
    expect(await ends()).toEqual(first)
    const struck = first.filter((end) => end === "reset").length
    expect(struck).toBeGreaterThan(80)
    expect(struck).toBeLessThan(160)
  })
  test("a fault follows the schedule of a latency", async () => {
    const options = { latency: { ttft: 100, itl: 10 }, fault: "after 3 events: stall 1s; 1 event; reset" }
    const reply = await createMock(options).handle(ask())
    expect(reply.head).toEqual({ atMs: 100 })
    expect(framesOf(reply).map(({ atMs }) => atMs)).toEqual([100, 100, 110, 1120])
  })
  test("an invalid option throws", () => {
    expect(() => createMock({ fault: "explode" })).toThrow(TypeError)
  })
  test("the journal has no response where none was sent", async () => {
    const mock = createMock({ fault: "reset" })
    await mock.handle(ask())
    const [exchange] = mock.exchanges
    expect([exchange?.response, exchange?.end.kind]).toEqual([undefined, "network"])
  })
})

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function listen(options: StartOptions): Promise<number> {
  const { url, close } = await startMock(options)
  closers.push(close)
  return Number(new URL(url).port)
}

function raw({ method, target, headers, body }: MockRequest): string {
  const lines = [...headers, ["host", "x"], ["content-length", String(body.length)]]
  return `${method} ${target} HTTP/1.1\r\n${lines.map((line) => line.join(": ")).join("\r\n")}\r\n\r\n${Buffer.from(body).toString("latin1")}`
}

/** Returns the bytes that a client receives, and how the connection ends. */
function receive(
  port: number,
  request: MockRequest,
): Promise<{ readonly text: string; readonly end: string }> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    let text = ""
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
    })
    socket.on("end", () => resolve({ text, end: "closed" }))
    socket.on("error", (error) => resolve({ text, end: (error as NodeJS.ErrnoException).code ?? "" }))
    socket.write(raw(request), "latin1")
  })
}

/** Joins the chunks of a chunked body that may lack its end. */
function unchunked(text: string): string {
  const body = text.slice(text.indexOf("\r\n\r\n") + 4)
  let joined = ""
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf("\r\n", at)
    const length = Number.parseInt(body.slice(at, line), 16)
    joined += body.slice(line + 2, line + 2 + length)
    at = line + 2 + length + 2
  }
  return joined
}

describe("over a socket", () => {
  const instant = () => {
    const waits: number[] = []
    let at = 0
    return {
      waits,
      now: () => at,
      async sleep(ms: number) {
        waits.push(ms)
        at += ms
        await turn()
      },
    }
  }

  test("everything before a cut is delivered, wherever it is and however it ends", async () => {
    const whole = textOf(await createMock().handle(ask()))
    const bytes = Buffer.from(whole)
    const { waits, ...timing } = instant()
    const port = await listen(timing)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), fc.constantFrom("close", "reset"), async (length, end) => {
        const request = ask([["x-mock-fault", `after ${length} bytes: stall 5s; then ${end}`]])
        const received = await receive(port, request)
        expect(unchunked(received.text)).toBe(bytes.subarray(0, length).toString("latin1"))
        expect(received.end).toBe(end === "close" ? "closed" : "ECONNRESET")
      }),
      { numRuns: 30 },
    )
  })

  test("a whole reply that is cut announces its length", async () => {
    const { waits: _, ...timing } = instant()
    const port = await listen(timing)
    const fault = (text: string) => ask([["x-mock-fault", text]], false)
    const whole = String((await createMock().handle(ask([], false))).body)
    const { text, end } = await receive(port, fault("half a json; close"))
    expect(text).toContain(`content-length: ${Buffer.byteLength(whole)}\r\n`)
    const sent = text.slice(text.indexOf("\r\n\r\n") + 4)
    expect([Buffer.from(whole).toString("latin1").startsWith(sent), end]).toEqual([true, "closed"])
    expect(sent.length).toBe(Math.floor(Buffer.byteLength(whole) / 2))
  })

  test("a fault before the head sends nothing", async () => {
    const { waits: _, ...timing } = instant()
    const port = await listen(timing)
    expect(await receive(port, ask([["x-mock-fault", "reset"]]))).toEqual({ text: "", end: "ECONNRESET" })
    expect(await receive(port, ask([["x-mock-fault", "stall 1s; close"]]))).toEqual({
      text: "",
      end: "closed",
    })
  })

  test("stalls are waits of their length: before the head, between events and before the end", async () => {
    const { waits, ...timing } = instant()
    const port = await listen(timing)
    await receive(port, ask([["x-mock-fault", "stall 7s; 2 events; stall 5s; 3 bytes; stall 2s; reset"]]))
    // The last wait comes before each reset.
    expect(waits.map(Math.round)).toEqual([7000, 5000, 2000, 20])
  })

  test.each(["stall 1m", "after head: hang", "after 2 events: stall 1m", "drip 1 byte every 30s"])(
    "a client that hangs up during '%s' ends the work at once",
    async (fault) => {
      const open = new Set<number>()
      const aborted = new Set<number>()
      let count = 0
      const port = await listen({
        now: () => 0,
        sleep: (_, signal) =>
          new Promise((_, reject) => {
            const id = count++
            open.add(id)
            signal.addEventListener("abort", () => {
              aborted.add(id)
              reject(signal.reason)
            })
          }),
        onCrash: (error) => {
          throw error
        },
      })
      const socket = connect(port, "127.0.0.1")
      socket.write(raw(ask([["x-mock-fault", fault]])), "latin1")
      if (fault.startsWith("stall")) while (open.size === 0) await turn()
      else await new Promise((resolve) => socket.once("data", resolve))
      while (open.size === 0 && !fault.includes("hang")) await turn()
      socket.destroy()
      while (aborted.size < open.size) await turn()
      for (let i = 0; i < 50; i++) await turn()
      expect(count).toBe(fault.includes("hang") ? 0 : 1)
    },
  )
})
