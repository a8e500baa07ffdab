import { expect, test } from "vitest"
import * as stream from "./index.ts"

test("what the package exports", () => {
  expect(Object.keys(stream).sort()).toMatchInlineSnapshot(`
    [
      "DONE",
      "StreamError",
      "assembleChat",
      "assembleResponse",
      "canonicalChat",
      "canonicalResponse",
      "chatChunks",
      "createDecoder",
      "decode",
      "departureKinds",
      "encode",
      "encodeEvent",
      "isComplete",
      "isResponseEnd",
      "readChatStream",
      "readResponseStream",
      "responseEvents",
      "splitChat",
      "splitResponse",
    ]
  `)
})
