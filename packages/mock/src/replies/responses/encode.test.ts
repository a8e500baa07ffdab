import { ResponseObject, type ResponseRequest } from "@nexhina/schemas"
import { encode, splitResponse } from "@nexhina/stream"
import fc from "fast-check"
import { expect, test } from "vitest"
import { againstDocument } from "../../../test/against-document.ts"
import { responseRequests } from "../../../test/response-requests.ts"
import { createMock } from "../../mock.ts"
import { encodeResponse, toStreamEvent } from "./encode.ts"

const { handle: answer } = againstDocument(createMock())

async function respond(request: ResponseRequest): Promise<ResponseObject> {
  const { body } = await answer({
    method: "POST",
    target: "/v1/responses",
    headers: [["authorization", "Bearer sk-x"]],
    body: new TextEncoder().encode(JSON.stringify(request)),
  })
  return ResponseObject.parse(JSON.parse(String(body)))
}

test("it writes what encode writes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(responseRequests, { minLength: 1, maxLength: 2 }), async (requests) => {
      const [response, more] = await Promise.all(requests.map(respond))
      if (!response) throw new Error("There is one request at least")
      const events = splitResponse({ ...response, output: [...response.output, ...(more?.output ?? [])] })
      expect(encodeResponse(events)).toBe(encode(events.map(toStreamEvent)))
    }),
  )
})
