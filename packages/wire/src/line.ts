import { z } from "zod"
import { Exchange, ExchangeEnd, ReceivedChunk, RecordedReply, RecordedRequest } from "./exchange.ts"

const { v, id, fidelity, redacted } = Exchange.shape
const { status, headers, trailers } = RecordedReply.shape

/** Bytes in a line: text when they are UTF-8, otherwise marked and in base64. */
export const EncodedBytes = z.object({
  body: z.string(),
  encoding: z.literal("base64").exactOptional(),
})
export type EncodedBytes = Readonly<z.infer<typeof EncodedBytes>>

const RequestLine = z.object({
  v,
  fact: z.literal("request"),
  id,
  ...RecordedRequest.shape,
  ...EncodedBytes.shape,
  fidelity,
})

const HeadLine = z.object({ fact: z.literal("head"), id, status, headers })

const ChunkLine = z.object({
  fact: z.literal("chunk"),
  id,
  ...ReceivedChunk.pick({ atMs: true }).shape,
  ...EncodedBytes.shape,
})

const EndLine = z.object({
  fact: z.literal("end"),
  id,
  ...ExchangeEnd.shape,
  /** Number of `chunk` lines, so that a lost one is noticed. Lines of earlier writers do not have it. */
  chunks: z.int().min(0).exactOptional(),
  trailers: trailers.exactOptional(),
  redacted,
})

/**
 * The lines of a transcript, by the fact that each records. An exchange is one `request`, at most one `head`, any
 * number of `chunk`, and one `end`, in this order; lines of several exchanges may alternate.
 */
export const lineSchemas = { request: RequestLine, head: HeadLine, chunk: ChunkLine, end: EndLine } as const

/** One line of a transcript. */
export const Line = z.discriminatedUnion("fact", [RequestLine, HeadLine, ChunkLine, EndLine])
export type Line = Readonly<z.infer<typeof Line>>

/** A line that another program adds to a transcript. Readers that do not know its `fact` skip it. */
export const ForeignLine = z.looseObject({ fact: z.string() })
export type ForeignLine = Readonly<z.infer<typeof ForeignLine>>
