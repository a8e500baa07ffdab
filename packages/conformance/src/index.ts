export {
  type CheckOptions,
  checkTarget,
  KeyRefused,
  type Progress,
  Unreachable,
  type World,
} from "./engine.ts"
export { type Known, knownBefore } from "./known.ts"
export { runOptions, type Settings, settingsOf, UsageError } from "./options.ts"
export {
  exitCodeOf,
  exitCodes,
  Finding,
  Report,
  type ReportFormat,
  RuleResult,
  type Verdict,
  verdicts,
} from "./report.ts"
export { reports } from "./reports.ts"
export { type Fault, type Rule, type Severity, severityOf, type Where } from "./rule.ts"
export { rules } from "./rules.ts"
export { type RunEvents, run, selectRules } from "./run.ts"
export { createSend, type Send, type WireRequest } from "./send.ts"
export { type Sentence, sentences } from "./sentences.ts"
export type { View } from "./view.ts"
