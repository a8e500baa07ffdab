import type { IncomingMessage, ServerResponse } from "node:http"
import { limits } from "@nexhina/mock"
import { steeringHeaderIn } from "@nexhina/mock/recordings"
import {
  createDiscreetWriter,
  createForwarder,
  type Exchange,
  type Header,
  headerOf,
  type Reply,
} from "@nexhina/wire"
import type { NoteReply } from "./log.ts"
import { createAppender, fileNameOf } from "./recordings-folder.ts"

/** What to record, and where. */
export interface RecordSettings {
  /** Base URL of the upstream, such as `https://api.openai.com/v1`. It replaces the `/v1` of this server. */
  readonly upstream: string
  readonly folder: string
}

/** Replies to a request. Calls `note` for the log when the exchange has ended. */
export type Recorder = (request: IncomingMessage, response: ServerResponse, note: NoteReply) => void

/** Creates a function that appends an exchange, without credentials, to a file of the folder. */
function createFileWriter(folder: string, startedAt: Date, onError: (message: string) => void) {
  const append = createAppender(folder, startedAt)
  const lines: string[] = []
  const write = createDiscreetWriter((line) => lines.push(line))
  return (file: string, exchange: Exchange): void => {
    write(exchange)
    try {
      append(file, lines.splice(0))
    } catch (error) {
      onError(`an exchange is not recorded: ${(error as Error).message}`)
    }
    if (exchange.end.kind === "limit") {
      onError(`an exchange cannot be replayed: its reply exceeds a limit (${exchange.end.code})`)
    }
  }
}

/**
 * Creates a proxy that records. Bytes are passed on as they arrive, and an exchange is appended to its file, without
 * credentials, before its reply ends. Errors of writing a file are given to `onError`, and the proxy goes on.
 */
export function createRecorder(
  { upstream, folder }: RecordSettings,
  onError: (message: string) => void,
): Recorder {
  const write = createFileWriter(folder, new Date(), onError)
  const fileOf = (headers: readonly Header[]) =>
    fileNameOf(headerOf(headers, "x-mock-recording") || headerOf(headers, "x-mock-scope"))
  const forwarder = createForwarder({
    upstream,
    maxRequestBytes: limits.bodyBytes.max,
    code: "recorder",
    droppedHeaders: /^x-mock-/i,
    refusal(headers) {
      if (fileOf(headers) === undefined) return "The name in 'x-mock-recording' is too long."
      const idle = steeringHeaderIn(headers)
      return idle && `Another API answers, and '${idle}' would have no effect.`
    },
    onExchange(exchange, request) {
      const file = fileOf(request.headers)
      if (file !== undefined) write(file, exchange)
    },
    onError,
  })
  return (request, response, note) => {
    let asked: Parameters<NoteReply>[0] = {
      method: request.method ?? "",
      target: "",
      headers: [],
      body: noBody,
    }
    forwarder.handle(
      request,
      response,
      (exchange, received) => {
        asked = received
        note(asked, toReply(exchange))
      },
      (status, message) => note(asked, refusalReply(status, message)),
    )
  }
}

const noBody = new Uint8Array()

/** Returns an error of the recorder itself in the form in which the log reads it. */
function refusalReply(status: number, message: string): Reply {
  return {
    status,
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({ error: { message } }),
    end: "complete",
  }
}

/** Returns a recorded reply in the form in which the log reads it. */
function toReply({ response }: Exchange): Reply {
  return {
    status: response?.status ?? 502,
    headers: response?.headers ?? [],
    body: response?.chunks ?? [],
    end: "complete",
  }
}
