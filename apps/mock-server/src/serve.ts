import type { ServerResponse } from "node:http"
import type { Mock } from "@nexhina/mock"
import { type MockServer, startMock, toNode } from "@nexhina/mock/node"
import { control, controlPath } from "./control/control.ts"
import { land } from "./landing.ts"
import { createLog, type NoteReply } from "./log.ts"
import type { Settings } from "./options.ts"
import type { Recorder } from "./record.ts"

/** What answers instead of the mock. */
export interface OtherAnswers {
  readonly recorder?: Recorder
  readonly replay?: Pick<Mock, "handle" | "reset" | "resetScope" | "exchanges">
}

/**
 * Serves a mock, or what answers in its place, with the log, the control API and a landing page. Rejects with node's error
 * when it cannot listen.
 */
export function serve(
  mock: Mock,
  { host, port, drainMs, log: form }: Pick<Settings, "host" | "port" | "drainMs" | "log">,
  onCrash: (error: unknown) => void,
  { recorder, replay }: OtherAnswers = {},
): Promise<MockServer> {
  const log = createLog(form)
  const notes = new WeakMap<ServerResponse, NoteReply>()
  const api = toNode(replay ?? mock, {
    onCrash,
    onReply: (asked, reply, response) => notes.get(response)?.(asked, reply),
  })
  return startMock({
    mock,
    host,
    port,
    drainMs,
    onCrash,
    intercept(request, response) {
      const note = log(request, response)
      if (request.url?.startsWith(controlPath)) {
        control(request, response, { mock, replay, isRecording: recorder !== undefined }).catch((error) => {
          // A client that hangs up while it sends is not a crash.
          if (!response.destroyed) onCrash(error)
          response.destroy()
        })
        return true
      }
      if (land(request, response)) return true
      if (recorder) {
        recorder(request, response, note)
        return true
      }
      if (form === "off" && !replay) return false
      notes.set(response, note)
      api(request, response)
      return true
    },
  })
}
