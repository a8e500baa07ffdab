export type {
  ModelKind,
  OperationId,
  Profile,
  ProfileName,
  Provenance,
  Surface,
  Trait,
} from "@nexhina/schemas"
export { BodyPart, Mark, ShownBody, ShownExchange } from "@nexhina/viewer"
export {
  createSend,
  type Exchange,
  type Fidelity,
  type FormSpelling,
  type Header,
  type Send,
  type SendConfig,
  type Sender,
  type WireRequest,
} from "@nexhina/wire"
export type { SettledReport } from "./baselines/settle.ts"
export { type CheckedRecording, type CheckWorld, check, NothingRead } from "./check.ts"
export { type CheckOptions, checkTarget } from "./engine/check-target.ts"
export type { Selection } from "./engine/plan.ts"
export {
  type Evidence,
  evidenceOf,
  type Fact,
  type KeyState,
  type Need,
  type StatedIntent,
  type UncertainFact,
} from "./evidence.ts"
export { Intent, RequestFault } from "./inputs/intent.ts"
export type { EndLine, FactsLine, RunLine, RunLines, SampleLine } from "./inputs/run-line.ts"
export type { Source } from "./inputs/source.ts"
export { readEvidence } from "./inputs/transcript.ts"
export { type Limit, limits } from "./limits.ts"
export { merge } from "./merge.ts"
export { type CheckSettings, checkOptions, checkSettingsOf } from "./options/check-options.ts"
export {
  type Option,
  type OptionName,
  type ParsedOptions,
  type ReportRequest,
  runOptions,
  type Settings,
  type Shard,
  settingsOf,
  UsageError,
} from "./options/options.ts"
export { type RequirementSet, requirementSets } from "./options/requirement-sets.ts"
export type { Probe } from "./probe.ts"
export { type ExitCode, exitCodes } from "./reports/exit-codes.ts"
export { htmlReportOf } from "./reports/html.ts"
export { Matrix, matrixOf, type NamedReport } from "./reports/matrix.ts"
export {
  BaselineResult,
  Cause,
  exitCodeOf,
  Finding,
  Report,
  type ReportFormat,
  RuleResult,
  type Verdict,
  verdicts,
  Waiver,
} from "./reports/report.ts"
export { reports } from "./reports/reports.ts"
export {
  type ExchangeRule,
  type Fault,
  type ManyRule,
  type Rule,
  type RuleBase,
  type Severity,
  severityOf,
  type Undecided,
  type Where,
} from "./rule.ts"
export { rules } from "./rules/rules.ts"
export { type Sentence, sentences } from "./rules/sentences.ts"
export { type RunEvents, run, selectRules } from "./run.ts"
export type { Limits } from "./target/execute.ts"
export { completeFacts, factsBefore, type TargetFacts } from "./target/facts.ts"
export { KeyRefused, NothingJudged, type StatedFacts, Unreachable } from "./target/learn.ts"
export type { Progress, World } from "./target/sampler.ts"
export type { Ask, Step, Steps } from "./target/step.ts"
export type { Target } from "./target/to-wire.ts"
export type { Place, View } from "./view.ts"
