import { audioDefects, audioVariants } from "./audio.ts"
import { authDefects, authVariants } from "./auth.ts"
import { chatCompletionDefects, chatCompletionVariants } from "./chat-completions.ts"
import { chatRequestDefects, chatRequestVariants } from "./chat-requests.ts"
import { chatStreamDefects, chatStreamVariants } from "./chat-streams.ts"
import { clientRequestDefects, clientRequestVariants } from "./client-requests.ts"
import { connectionDefects, connectionVariants } from "./connection.ts"
import type { Defect, Variant } from "./defect.ts"
import { embeddingDefects, embeddingVariants } from "./embeddings.ts"
import { equalityDefects } from "./equality.ts"
import { errorDefects, errorVariants } from "./errors.ts"
import { httpDefects, httpVariants } from "./http.ts"
import { imageDefects, imageVariants } from "./images.ts"
import { modelDefects, modelVariants } from "./models.ts"
import { moderationDefects, moderationVariants } from "./moderations.ts"
import { rerankDefects, rerankVariants } from "./rerank.ts"
import { responseStreamDefects, responseStreamVariants } from "./response-streams.ts"
import { responseDefects, responseVariants } from "./responses.ts"
import { sseDefects, sseVariants } from "./sse.ts"
import { toolDefects, toolVariants } from "./tools.ts"
import { usageDefects, usageVariants } from "./usage.ts"
import { videoDefects, videoVariants } from "./video.ts"

export type { Trait } from "@nexhina/schemas"
export type { NamedAlteration } from "@nexhina/wire"
export type { Defect, Variant } from "./defect.ts"

/** All known defects, grouped by the area of the API. */
export const defects: readonly (Defect & { readonly kind: "defect" })[] = [
  ...httpDefects,
  ...connectionDefects,
  ...authDefects,
  ...errorDefects,
  ...modelDefects,
  ...sseDefects,
  ...chatCompletionDefects,
  ...chatRequestDefects,
  ...chatStreamDefects,
  ...equalityDefects,
  ...clientRequestDefects,
  ...toolDefects,
  ...usageDefects,
  ...responseDefects,
  ...responseStreamDefects,
  ...embeddingDefects,
  ...imageDefects,
  ...audioDefects,
  ...videoDefects,
  ...moderationDefects,
  ...rerankDefects,
].map((defect) => ({ ...defect, kind: "defect" }))

/** All legal variants, grouped by the area of the API. */
export const variants: readonly (Variant & { readonly kind: "variant" })[] = [
  ...httpVariants,
  ...connectionVariants,
  ...authVariants,
  ...errorVariants,
  ...modelVariants,
  ...sseVariants,
  ...chatCompletionVariants,
  ...chatRequestVariants,
  ...chatStreamVariants,
  ...clientRequestVariants,
  ...toolVariants,
  ...usageVariants,
  ...responseVariants,
  ...responseStreamVariants,
  ...embeddingVariants,
  ...imageVariants,
  ...audioVariants,
  ...videoVariants,
  ...moderationVariants,
  ...rerankVariants,
].map((variant) => ({ ...variant, kind: "variant" }))
