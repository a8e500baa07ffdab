import { startMock } from "../hosts/node.ts"
import { createMock, type Mock, type MockOptions } from "../mock.ts"
import { acceptedKey } from "../request/authenticate.ts"

/** Options of `startTestMock` and `mockFixture`. */
export interface TestMockOptions extends MockOptions {
  /**
   * Base URL that the application calls, such as `https://api.openai.com/v1`. MSW intercepts the requests to it, which
   * needs the package `msw`; all other requests pass. MSW has one server at a time, and so one such mock of a process, unless
   * `mswServer` is given. Default: none, the mock listens on a port of this machine.
   */
  readonly baseURL?: string
  /** The server of MSW that a project has, to which the mock adds its handlers. Default: the mock starts one. */
  readonly mswServer?: MswServer
  /** Port to listen on. Default: 0, a free one. */
  readonly port?: number
}

/** What `setupServer` of MSW returns. */
export interface MswServer {
  use(...handlers: never[]): void
}

/** A mock that an application under test can reach. */
export interface TestMock extends Mock {
  /** Base URL for clients. */
  readonly baseURL: string
  /** A key that the mock accepts. */
  readonly apiKey: string
}

/** Starts a mock; its `close` stops it. Rejects with a `TypeError` that names an unknown or wrong option. */
export async function startTestMock(options: TestMockOptions = {}): Promise<TestMock> {
  const { baseURL, port = 0, mswServer, ...rest } = options
  if (mswServer && baseURL === undefined) throw new TypeError("The option 'mswServer' needs 'baseURL'.")
  const mock = createMock(rest)
  if (baseURL === undefined) {
    const server = await startMock({ mock, port })
    return reachable(mock, server.baseURL, rest, server.close)
  }
  const stop = await intercept(mock, baseURL, mswServer)
  return reachable(mock, baseURL, rest, async () => {
    stop()
    await mock.close()
  })
}

function reachable(mock: Mock, baseURL: string, { keys }: MockOptions, close: () => Promise<void>): TestMock {
  return {
    ...mock,
    // The others never change; this is read anew each time.
    get exchanges() {
      return mock.exchanges
    },
    baseURL,
    apiKey: acceptedKey(keys),
    close,
  }
}

/** Answers the requests to a base URL in this process. Returns the function that ends it. */
async function intercept(mock: Mock, baseURL: string, mswServer: MswServer | undefined): Promise<() => void> {
  // Only here: who listens on a port does not need MSW.
  const [{ setupServer }, { handlersWhile }] = await Promise.all([
    import("msw/node"),
    import("../hosts/msw-handlers.ts"),
  ]).catch((error) => {
    if (error?.code !== "ERR_MODULE_NOT_FOUND") throw error
    throw new TypeError("The option 'baseURL' needs a package that is not installed: npm install -D msw")
  })
  let isOpen = true
  const handlers = handlersWhile(() => isOpen, mock, baseURL)
  if (mswServer) {
    // MSW has no type for handlers that does not need the package.
    mswServer.use(...(handlers as never[]))
    return () => {
      isOpen = false
    }
  }
  if (isIntercepted(globalThis.fetch)) {
    throw new TypeError(
      "MSW intercepts requests already, and has one server at a time. Pass that of the project as the option " +
        "'mswServer', or close the other mock first.",
    )
  }
  const server = setupServer(...handlers)
  server.listen({ onUnhandledRequest: "bypass" })
  return () => server.close()
}

/**
 * Returns whether MSW has replaced `fetch`, which it does not say: the function of msw 2 has this name, and that of msw 3
 * none, but this call. Without this, two servers would silence one another.
 */
function isIntercepted(current: typeof fetch): boolean {
  const { name } = current
  return name === "fetchProxy" || (name === "" && String(current).includes("requestContext.run("))
}
