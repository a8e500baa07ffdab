import { expect, test } from "vitest"
import * as stream from "../src/index.ts"

test("exports exactly these names at run time", () => {
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
      "readPayload",
      "readResponseStream",
      "responseEvents",
      "splitChat",
      "splitResponse",
    ]
  `)
})
