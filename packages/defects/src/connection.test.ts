import type { Frame } from "@nexhina/stream"
import type { Reply, Situation } from "@nexhina/wire"
import { expect, test } from "vitest"
import { connectionDefects, connectionVariants } from "./connection.ts"
import type { Defect } from "./defect.ts"

const defectOf = (id: string): Defect => {
  const defect = connectionDefects.find((each) => each.id === id)
  if (!defect) throw new Error(`no defect ${id}`)
  return defect
}

const situationOf = (content: string, streaming = false): Situation => ({
  operationId: "createChatCompletion",
  ask: { method: "POST", target: "/v1/chat/completions", headers: [], body: new Uint8Array() },
  request: { model: "gpt-4o", messages: [{ role: "user", content }], ...(streaming && { stream: true }) },
  streaming,
})

const frames: Frame[] = ["one", "two"].map((text) => ({ bytes: new TextEncoder().encode(text) }))
const stream: Reply = { status: 200, headers: [], body: frames, end: "complete" }
const whole: Reply = { ...stream, body: "{}" }

test.each(["conn-slot-lost-after-abort", "conn-fails-after-abort"])(
  "%s: a chat whose stream was left is stuck, others are not",
  async (id) => {
    const defect = defectOf(id)
    if (defect.stage !== "wire") throw new Error("acts on the wire")
    const read = async (content: string, most: number) => {
      const { body } = defect.apply(stream, situationOf(content, true))
      if (typeof body === "string" || body instanceof Uint8Array) throw new Error("a stream has frames")
      const seen: Uint8Array[] = []
      for await (const { bytes } of body) {
        seen.push(bytes)
        if (seen.length === most) break
      }
      return seen
    }
    expect(await read("Read to its end", 3)).toEqual(frames.map(({ bytes }) => bytes))
    expect(defect.apply(whole, situationOf("Read to its end"))).toEqual(whole)
    await read("Left", 1)
    expect(defect.apply(whole, situationOf("Left"))).not.toEqual(whole)
    expect(defect.apply(whole, situationOf("Another"))).toEqual(whole)
  },
)

test("conn-crosstalk answers with the text before", () => {
  const defect = defectOf("conn-crosstalk")
  if (defect.stage !== "value") throw new Error("acts on the value")
  const completionOf = (content: string) => ({
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  })
  defect.apply(completionOf("A"), situationOf("a"))
  expect(defect.apply(completionOf("B"), situationOf("b"))).toEqual(completionOf("A"))
})

test("what closes says so, once", () => {
  const close = ["Connection", "close"]
  for (const alteration of [defectOf("conn-closes-after-stream"), ...connectionVariants]) {
    if (alteration.stage !== "wire") throw new Error("acts on the wire")
    expect(alteration.apply(stream, situationOf("Hi", true)).headers).toEqual([close])
  }
})
