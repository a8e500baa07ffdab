import { expect, test } from "vitest"
import * as stream from "./index.ts"

test("what the package exports", () => {
  expect(Object.keys(stream).sort()).toMatchInlineSnapshot(`
    [
      "DONE",
      "assembleChat",
      "assembleResponse",
      "canonicalChat",
      "canonicalResponse",
      "createDecoder",
      "decode",
      "departureKinds",
      "encode",
      "encodeEvent",
      "isComplete",
      "readChatStream",
      "readResponseStream",
      "splitChat",
      "splitResponse",
    ]
  `)
})
