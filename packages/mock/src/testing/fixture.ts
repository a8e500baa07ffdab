import { startTestMock, type TestMock, type TestMockOptions } from "./test-mock.ts"

/** Fixtures for `test.extend` of vitest and Playwright. */
export interface MockFixtures {
  /** Starts a mock, passes it to a test, and closes it. */
  // The form that both runners expect: they read the names of other fixtures from the first parameter.
  mock(others: object, use: (mock: TestMock) => Promise<void>): Promise<void>
}

/**
 * Creates the fixture `mock` for `test.extend` of vitest and Playwright: each test that uses it has a mock of its own,
 * which no other test sees.
 */
export function mockFixture(options: TestMockOptions = {}): MockFixtures {
  return {
    // biome-ignore lint/correctness/noEmptyPattern: the runners read from this pattern that no other fixture is needed.
    async mock({}, use) {
      const mock = await startTestMock(options)
      await use(mock)
      await mock.close()
    },
  }
}
