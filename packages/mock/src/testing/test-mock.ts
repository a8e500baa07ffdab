import { startMock } from "../hosts/node.ts"
import { createMock, type Mock, type MockOptions } from "../mock.ts"
import { acceptedKey } from "../request/authenticate.ts"

/** Options of `startTestMock` and `mockFixture`. */
export interface TestMockOptions extends MockOptions {
  /**
   * Base URL that the application calls, such as `https://api.openai.com/v1`. MSW intercepts the requests to it, which
   * needs the package `msw`; all other requests pass. Only one mock of a process can have the same base URL at a time.
   * Default: none, the mock listens on a port of this machine.
   */
  readonly baseURL?: string
  /** Port to listen on. Default: 0, a free one. */
  readonly port?: number
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
  const { baseURL, port = 0, ...rest } = options
  const mock = createMock(rest)
  if (baseURL === undefined) {
    const server = await startMock({ mock, port })
    return reachable(mock, server.baseURL, rest, server.close)
  }
  const stop = await intercept(mock, baseURL)
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
async function intercept(mock: Mock, baseURL: string): Promise<() => void> {
  // Only here: who listens on a port does not need MSW.
  const [{ setupServer }, { toMsw }] = await Promise.all([
    import("msw/node"),
    import("../hosts/msw.ts"),
  ]).catch((error) => {
    if (error?.code !== "ERR_MODULE_NOT_FOUND") throw error
    throw new TypeError("The option 'baseURL' needs a package that is not installed: npm install -D msw")
  })
  const server = setupServer(...toMsw(mock, baseURL))
  server.listen({ onUnhandledRequest: "bypass" })
  return () => server.close()
}
