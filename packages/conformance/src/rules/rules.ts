import type { Rule } from "../rule.ts"
import { audioRules } from "./audio.ts"
import { authRules } from "./auth.ts"
import { chatCompletionRules } from "./chat-completions.ts"
import { chatRequestRules } from "./chat-requests.ts"
import { chatStreamRules } from "./chat-streams.ts"
import { clientRequestRules } from "./client-requests.ts"
import { connectionRules } from "./connection.ts"
import { embeddingRules } from "./embeddings.ts"
import { equalityRules } from "./equality.ts"
import { errorRules } from "./errors.ts"
import { formRules } from "./forms.ts"
import { httpRules } from "./http.ts"
import { imageRules } from "./images.ts"
import { modelRules } from "./models.ts"
import { moderationRules } from "./moderations.ts"
import { paceRules } from "./pace.ts"
import { rerankRules } from "./rerank.ts"
import { responseRequestRules } from "./response-requests.ts"
import { responseStreamRules } from "./response-streams.ts"
import { responseRules } from "./responses.ts"
import { sseRules } from "./sse.ts"
import { surfaceRules } from "./surfaces.ts"
import { toolRules } from "./tools.ts"
import { usageRules } from "./usage.ts"
import { videoRules } from "./video.ts"

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
  ...clientRequestRules,
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
  ...formRules,
]
