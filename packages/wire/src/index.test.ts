import { expect, test } from "vitest"
import * as transcript from "./index.ts"

test("exported names", () => {
  expect(Object.keys(transcript).toSorted()).toMatchInlineSnapshot(`
    [
      "TranscriptError",
      "bodyOf",
      "createRedactor",
      "createSend",
      "createWriter",
      "decodedBody",
      "headerOf",
      "readTranscript",
      "toForm",
    ]
  `)
})
