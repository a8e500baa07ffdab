import { endKinds, endStages, redactionParts, requestFaultKinds } from "./exchange.ts"
import { array, boolean, number, object, oneOf, pair, type Shaped, string } from "./shape.ts"

const headers = array(pair(string))

/** Bytes in a line: as they are when they are UTF-8, else marked and in base64. */
const bytes = { body: string }
const encoding = { encoding: oneOf(["base64"]) }

const intent = object(
  { by: string, group: string },
  {
    operation: string,
    fault: object({ kind: oneOf(requestFaultKinds), says: string }, { param: string }),
    key: oneOf(["none", "wrong"]),
    draw: object({ seed: number, index: number }),
  },
)

const redaction = object(
  { part: oneOf(redactionParts), at: number, length: number },
  { header: string, credential: oneOf([true]) },
)

/**
 * The lines of a transcript, by the fact that each tells. An exchange is one `request`, at most one `head`, any
 * number of `chunk`, and one `end`, in this order; lines of several exchanges may alternate.
 */
export const lineShapes = {
  request: object(
    {
      v: oneOf([1]),
      fact: oneOf(["request"]),
      id: string,
      method: string,
      target: string,
      headers,
      sentAtMs: number,
      fidelity: object({ bytes: boolean, timing: boolean }),
      ...bytes,
    },
    { ...encoding, intent },
  ),
  head: object({ fact: oneOf(["head"]), id: string, status: number, headers }),
  chunk: object({ fact: oneOf(["chunk"]), id: string, atMs: number, ...bytes }, encoding),
  end: object(
    { fact: oneOf(["end"]), id: string, kind: oneOf(endKinds), atMs: number },
    { code: string, stage: oneOf(endStages), trailers: headers, redacted: array(redaction) },
  ),
}

/** One line of a transcript. */
export type Line = {
  [Fact in keyof typeof lineShapes]: Shaped<(typeof lineShapes)[Fact]>
}[keyof typeof lineShapes]
