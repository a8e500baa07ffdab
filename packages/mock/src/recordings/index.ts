export type { Recording } from "./library.ts"
export { createReplay, type ReplayOptions } from "./replay.ts"
export { volatileMembers } from "./volatile.ts"
