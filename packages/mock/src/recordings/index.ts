export type { Recording } from "./library.ts"
export { type RecordedTurn, recordedTurn } from "./recorded-turn.ts"
export { createReplay, type Replay, type ReplayOptions } from "./replay.ts"
export { volatileMembers } from "./volatile.ts"
