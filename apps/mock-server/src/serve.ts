import type { Mock } from "@nexhina/mock"
import { type MockServer, startMock } from "@nexhina/mock/node"
import { control, controlPath } from "./control.ts"
import { createLog } from "./log.ts"
import type { Settings } from "./options.ts"

/** Serves a mock with the log and the control API. Rejects with node's error when it cannot listen. */
export function serve(
  mock: Mock,
  { host, port, log: form }: Pick<Settings, "host" | "port" | "log">,
  onCrash: (error: unknown) => void,
): Promise<MockServer> {
  const log = createLog(form)
  return startMock({
    mock,
    host,
    port,
    onCrash,
    intercept(request, response) {
      log(request, response)
      if (!request.url?.startsWith(controlPath)) return false
      control(request, response)
      return true
    },
  })
}
