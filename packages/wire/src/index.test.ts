import { expect, test } from "vitest"
import * as transcript from "./index.ts"

test("exported names", () => {
  expect(Object.keys(transcript).toSorted()).toMatchInlineSnapshot(`
    [
      "Exchange",
      "ExchangeEnd",
      "Fidelity",
      "ForeignLine",
      "Har",
      "HarError",
      "Header",
      "Line",
      "ReceivedChunk",
      "RecordedReply",
      "RecordedRequest",
      "Redaction",
      "SessionLine",
      "TranscriptError",
      "bodyOf",
      "contentCodings",
      "createCollector",
      "createDiscreetWriter",
      "createForwarder",
      "createRedactor",
      "createSend",
      "createWriter",
      "credentialsIn",
      "decodeBody",
      "decodedBody",
      "expectationOf",
      "fileLines",
      "fromHar",
      "headerOf",
      "headersOf",
      "minSearchedLength",
      "nestsDeeper",
      "readHar",
      "readTranscript",
      "salvageTranscript",
      "stringEnd",
      "toForm",
      "toHar",
      "upstreamUrl",
    ]
  `)
})
