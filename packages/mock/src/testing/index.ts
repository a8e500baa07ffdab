export type { Match } from "../scenarios/scenario.ts"
export { type MockFixtures, mockFixture } from "./fixture.ts"
export {
  expectRequest,
  expectRequests,
  type RequestQuery,
  requestsOf,
  type SentRequest,
} from "./requests.ts"
export { type MswServer, startTestMock, type TestMock, type TestMockOptions } from "./test-mock.ts"
