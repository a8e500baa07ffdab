import * as fc from "fast-check"
import { expect, test } from "vitest"
import { always, checked } from "../../test/checked.ts"
import { exchangeOf } from "../../test/exchange.ts"
import type { Where } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import { findingId } from "./finding-id.ts"

const [rule = expect.fail("there are no rules")] = rules

function idOf(at: Where, param?: string, id = "x1"): string {
  const exchange = exchangeOf({
    operation: "createChatCompletion",
    ...(param !== undefined && { fault: { kind: "wrong-type", param, says: "wrong" } }),
  })
  const fault = { fault: "odd", at, expected: "even", actual: "odd" }
  return findingId({ rule, fault, exchange: { ...exchange, id } })
}

const cause = `${rule.id}:odd@createChatCompletion`

test.each<[Where, string | undefined, string]>([
  [{ part: "status" }, undefined, ""],
  [{ part: "body" }, undefined, ""],
  [{ part: "body", pointer: "" }, undefined, ""],
  [{ part: "header", name: "x" }, "messages", "~messages"],
  [{ part: "body", pointer: "/choices/3/message/content" }, undefined, "#/choices/*/message/content"],
  [
    { part: "event", event: 4, offset: 90, pointer: "/choices/0/delta/tool_calls/1/id" },
    "messages[2].tool_calls[0].id",
    "#/choices/*/delta/tool_calls/*/id~messages[*].tool_calls[*].id",
  ],
  [{ part: "body", pointer: "/metadata/a~1b" }, "stop[0]", "#/metadata/*~stop[*]"],
])("%j of a request with a wrong %s", (at, param, parts) => {
  expect(idOf(at, param)).toBe(`${cause}${parts}`)
})

/** Places that differ only in values that are drawn or counted. */
const drawn = fc.record({
  choice: fc.nat(),
  call: fc.nat(),
  event: fc.nat(),
  offset: fc.nat(),
  // Shorter words may be members of the contract.
  key: fc.string({ minLength: 40 }).map((key) => key.replace(/[~/]/g, "_")),
  message: fc.nat(),
  id: fc.nat().map(String),
})

test("an id depends on no drawn or counted value", () => {
  fc.assert(
    fc.property(drawn, drawn, (one, other) => {
      const ids = [one, other].map(({ choice, call, event, offset, key, message, id }) => [
        idOf(
          { part: "body", pointer: `/choices/${choice}/message/tool_calls/${call}` },
          `messages[${message}]`,
          id,
        ),
        idOf({ part: "event", event, offset, pointer: `/metadata/${key}` }, undefined, id),
      ])
      expect(ids[0]).toEqual(ids[1])
    }),
  )
})

test("another member of the reply or of the request is another finding", () => {
  const one = idOf({ part: "body", pointer: "/choices/0/index" }, "messages[0].role")
  expect(idOf({ part: "body", pointer: "/choices/0/message" }, "messages[0].role")).not.toBe(one)
  expect(idOf({ part: "body", pointer: "/choices/0/index" }, "messages[0].content")).not.toBe(one)
})

test("a run with another seed has the same ids", async () => {
  const failing = always({
    id: "failing",
    stage: "wire",
    apply: (reply) => (reply.status === 400 ? { ...reply, body: '{"error":{"message":7}}' } : reply),
  })
  const idsWith = async (seed: number) => {
    const { findings } = await checked(failing, {
      include: ["chat"],
      rule: ["err.envelope"],
      quick: true,
      seed,
    })
    return findings.map(({ id }) => id)
  }
  const ids = await idsWith(1)
  expect(ids.length).toBeGreaterThan(0)
  expect(await idsWith(2)).toEqual(ids)
})
