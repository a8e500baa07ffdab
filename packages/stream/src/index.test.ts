import { expect, test } from "vitest"
import * as stream from "./index.ts"

test("what the package exports", () => {
  expect(Object.keys(stream)).toMatchInlineSnapshot(`
    [
      "assembleChat",
      "canonicalChat",
      "isComplete",
      "readChatStream",
      "splitChat",
      "createDecoder",
      "decode",
      "departureKinds",
      "encode",
      "encodeEvent",
      "DONE",
    ]
  `)
})
