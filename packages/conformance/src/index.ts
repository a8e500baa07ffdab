export { createSend, type Exchange, type Send, type WireRequest } from "@nexhina/wire"
export { type CheckOptions, checkTarget } from "./engine/check-target.ts"
export { type Evidence, evidenceOf, type Fact, type KeyState } from "./evidence.ts"
export { readEvidence } from "./inputs/transcript.ts"
export { Intent, RequestFault } from "./intent.ts"
export { runOptions, type Settings, settingsOf, UsageError } from "./options.ts"
export { exitCodes } from "./reports/exit-codes.ts"
export {
  exitCodeOf,
  Finding,
  Report,
  type ReportFormat,
  RuleResult,
  type Verdict,
  verdicts,
} from "./reports/report.ts"
export { reports } from "./reports/reports.ts"
export { type Fault, type Rule, type Severity, severityOf, type Where } from "./rule.ts"
export { rules } from "./rules/rules.ts"
export { type Sentence, sentences } from "./rules/sentences.ts"
export { type RunEvents, run, selectRules } from "./run.ts"
export { factsBefore, type TargetFacts } from "./target/facts.ts"
export { KeyRefused, Unreachable } from "./target/learn.ts"
export type { Progress, World } from "./target/sampler.ts"
export type { View } from "./view.ts"
