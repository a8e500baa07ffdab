import type { Rule } from "./rule.ts"
import { audioRules } from "./rules/audio.ts"
import { authRules } from "./rules/auth.ts"
import { chatCompletionRules } from "./rules/chat-completions.ts"
import { chatRequestRules } from "./rules/chat-requests.ts"
import { chatStreamRules } from "./rules/chat-streams.ts"
import { connectionRules } from "./rules/connection.ts"
import { embeddingRules } from "./rules/embeddings.ts"
import { equalityRules } from "./rules/equality.ts"
import { errorRules } from "./rules/errors.ts"
import { httpRules } from "./rules/http.ts"
import { imageRules } from "./rules/images.ts"
import { modelRules } from "./rules/models.ts"
import { moderationRules } from "./rules/moderations.ts"
import { paceRules } from "./rules/pace.ts"
import { rerankRules } from "./rules/rerank.ts"
import { responseRequestRules } from "./rules/response-requests.ts"
import { responseStreamRules } from "./rules/response-streams.ts"
import { responseRules } from "./rules/responses.ts"
import { sseRules } from "./rules/sse.ts"
import { surfaceRules } from "./rules/surfaces.ts"
import { toolRules } from "./rules/tools.ts"
import { usageRules } from "./rules/usage.ts"
import { videoRules } from "./rules/video.ts"

/** Every rule of the kit, in the order of the report. */
export const rules: readonly Rule[] = [
  ...httpRules,
  ...surfaceRules,
  ...connectionRules,
  ...authRules,
  ...errorRules,
  ...modelRules,
  ...sseRules,
  ...paceRules,
  ...chatCompletionRules,
  ...chatRequestRules,
  ...chatStreamRules,
  ...equalityRules,
  ...usageRules,
  ...toolRules,
  ...responseRules,
  ...responseRequestRules,
  ...responseStreamRules,
  ...embeddingRules,
  ...imageRules,
  ...audioRules,
  ...videoRules,
  ...moderationRules,
  ...rerankRules,
]
