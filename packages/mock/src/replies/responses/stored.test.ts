import type { ResponseItem, ResponseObject } from "@nexhina/schemas"
import { expect, test } from "vitest"
import { memoryStore, type Store } from "../../store.ts"
import { conversationOf, deleteStored, findOwner, findResponse, keepResponse } from "./stored.ts"

const message = (id: string): ResponseItem => ({
  type: "message",
  id,
  role: "user",
  content: [{ type: "input_text", text: `The text of ${id}` }],
})

/** Only the members that storing a response reads. */
const responseOf = (turn: number) =>
  ({
    id: `resp_${turn}`,
    previous_response_id: turn === 0 ? null : `resp_${turn - 1}`,
    output: [
      {
        type: "message",
        id: `msg_out_${turn}`,
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Yes", annotations: [] }],
      },
    ],
  }) as unknown as ResponseObject

async function keepTurns(store: Store, turns: number) {
  for (let turn = 0; turn < turns; turn++) {
    await keepResponse(store, { response: responseOf(turn), input: [message(`msg_in_${turn}`)] })
  }
}

const ids = (items: readonly ResponseItem[] | undefined) => items?.map((item) => "id" in item && item.id)

test("a conversation is every item of its responses, oldest first", async () => {
  const store = memoryStore()
  await keepTurns(store, 3)
  expect(ids(await conversationOf(store, "resp_2"))).toEqual(
    [0, 1, 2].flatMap((turn) => [`msg_in_${turn}`, `msg_out_${turn}`]),
  )
})

test("the space of a conversation grows by the same amount with each turn", async () => {
  const sizes: number[] = []
  const memory = memoryStore()
  const store: Store = {
    ...memory,
    set(key, value, ttl) {
      if (key.startsWith("response:")) sizes.push(JSON.stringify(value).length)
      return memory.set(key, value, ttl)
    },
  }
  await keepTurns(store, 9)
  // The first response has no link, which is written as null.
  expect(new Set(sizes.slice(1)).size).toBe(1)
})

test("a deleted response is gone with its items, and later responses keep their past", async () => {
  const store = memoryStore()
  await keepTurns(store, 3)
  const middle = await findResponse(store, "resp_1")
  if (!middle) throw new Error("resp_1 is not stored")
  await deleteStored(store, middle)
  expect(await findResponse(store, "resp_1")).toBeUndefined()
  expect(await findOwner(store, "msg_out_1")).toBeUndefined()
  expect(await store.get("response-item:msg_out_1")).toBeUndefined()
  expect(await conversationOf(store, "resp_1")).toBeUndefined()
  expect(ids(await conversationOf(store, "resp_2"))).toHaveLength(6)
})

test("a conversation with a missing link is not found", async () => {
  const store = memoryStore()
  await keepTurns(store, 3)
  await store.delete("response:resp_1")
  expect(await conversationOf(store, "resp_2")).toBeUndefined()
})
