import { ExchangeEnd, Header } from "@nexhina/wire"
import { z } from "zod"

const Headers = z.array(Header)
const Offset = z.int().nonnegative()

/** Consecutive bytes of a body: as text when they are UTF-8, otherwise in base64. */
export const BodyPart = z.object({
  at: Offset.describe("Offset of the first byte in the body."),
  text: z.string(),
  base64: z.literal(true).optional().describe("`text` is base64, because the bytes are not UTF-8."),
})
export type BodyPart = z.infer<typeof BodyPart>

/** A body, of which a long one is shown in part. */
export const ShownBody = z.object({
  length: Offset.describe("Length of the whole body in bytes."),
  parts: z
    .array(BodyPart)
    .describe("The bytes that are shown, in order. Bytes between two parts are left out."),
})
export type ShownBody = z.infer<typeof ShownBody>

/** A place in an exchange that a reader should look at. */
export const Mark = z.discriminatedUnion("part", [
  z.object({ part: z.literal("status") }),
  z.object({ part: z.literal("header"), name: z.string() }),
  z.object({ part: z.literal("end") }),
  z.object({
    part: z.enum(["request-body", "response-body"]),
    from: Offset,
    to: Offset.describe("Offset behind the last byte."),
  }),
])
export type Mark = z.infer<typeof Mark>

/** An exchange as pages show it: JSON of limited size, without secrets. */
export const ShownExchange = z
  .object({
    request: z.object({
      method: z.string(),
      url: z.string(),
      headers: Headers,
      body: ShownBody,
    }),
    response: z
      .object({
        status: z.int(),
        headers: Headers,
        trailers: Headers,
        body: ShownBody.describe("The body without its content codings."),
        isCoded: z
          .literal(true)
          .optional()
          .describe("The body had a content coding, so that chunks are not parts of the body shown."),
        chunks: z
          .array(z.tuple([z.number(), z.int()]))
          .describe("Arrival of each chunk in ms after the request was sent, and its length in bytes."),
        chunkCount: z.int().describe("Number of all chunks; `chunks` lists the first ones."),
      })
      .optional()
      .describe("Absent when no status line was received."),
    end: ExchangeEnd,
    isTimed: z.boolean().describe("Whether the times were measured."),
    marks: z.array(Mark).describe("Where the fault is."),
  })
  .meta({ id: "ShownExchange" })
export type ShownExchange = z.infer<typeof ShownExchange>
