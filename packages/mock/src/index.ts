export type { Always } from "./alterations.ts"
export type { Keys } from "./authenticate.ts"
export { createMock, type MockOptions } from "./mock.ts"
export type { Store } from "./store.ts"
