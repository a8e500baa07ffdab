export { createMock, type MockOptions } from "./mock.ts"
export type { Keys } from "./request/authenticate.ts"
export type { Always } from "./response/alterations.ts"
export type { Store } from "./store.ts"
