import type { Rule } from "./rule.ts"
import { chatCompletionRules } from "./rules/chat-completions.ts"
import { chatRequestRules } from "./rules/chat-requests.ts"
import { chatStreamRules } from "./rules/chat-streams.ts"
import { errorRules } from "./rules/errors.ts"
import { httpRules } from "./rules/http.ts"
import { sseRules } from "./rules/sse.ts"
import { usageRules } from "./rules/usage.ts"

/** Every rule of the kit, in the order of the report. */
export const rules: readonly Rule[] = [
  ...httpRules,
  ...errorRules,
  ...sseRules,
  ...chatCompletionRules,
  ...chatRequestRules,
  ...chatStreamRules,
  ...usageRules,
]
