export type {
  ChatCompletionRequest,
  OperationId,
  ProfileName,
  ResponseOutputItem,
  ResponseRequest,
} from "@nexhina/schemas"
export type { Frame } from "@nexhina/stream"
export type {
  Alteration,
  Exchange,
  Handle,
  Header,
  MockRequest,
  NamedAlteration,
  Reply,
  ReplyEnd,
} from "@nexhina/wire"
export { type AudioReader, createAudioReader, type RecordingFacts } from "./audio/read-audio.ts"
export type { JournalOptions } from "./journal/journal.ts"
export { type Limit, limits } from "./limits.ts"
export { createMock, type Mock, type MockOptions } from "./mock.ts"
export type { LastTurn, SpokenMessage } from "./replies/utterance/decide.ts"
export type { HostedItem } from "./replies/utterance/hosted-tools.ts"
export type { Responder, Turn } from "./replies/utterance/respond.ts"
export type {
  CallSegment,
  HostedSegment,
  Segment,
  TextSegment,
  UsageCounts,
  Utterance,
} from "./replies/utterance/utterance.ts"
export type { Keys } from "./request/authenticate.ts"
export type { ScopeSettings, SettingsControl } from "./request/settings.ts"
export type { AlterationSource, KnownAlterations, StandingAlteration } from "./response/alterations.ts"
export { ScenarioError, type ScenarioProblem } from "./scenarios/check.ts"
export {
  type ExplainedRequest,
  explainRequest,
  type ScenarioExplanation,
} from "./scenarios/explain-request.ts"
export type { FaultCount } from "./scenarios/faults.ts"
export type { Scenario } from "./scenarios/scenario.ts"
export { defineScenarios, type ScenarioControl } from "./scenarios/scenarios.ts"
export type { Store } from "./store.ts"
export type { MockClock } from "./timing/clock.ts"
export {
  type Amount,
  type Fault,
  type FaultStep,
  type FaultStepForm,
  faultSteps,
  parseFault,
} from "./timing/fault.ts"
export {
  type Delay,
  type Latency,
  type LatencyModel,
  latencyModel,
  latencyParameters,
} from "./timing/latency-model.ts"
export { type QuotaOptions, type QuotaSettings, quotaKinds, quotaOf } from "./timing/quota-kinds.ts"
