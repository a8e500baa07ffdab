import { chatStreamDefects, chatStreamVariants } from "./chat-streams.ts"
import type { Defect, Variant } from "./defect.ts"
import { sseDefects, sseVariants } from "./sse.ts"
import { usageDefects, usageVariants } from "./usage.ts"

export type { Defect, Variant } from "./defect.ts"

/** Ways in which real servers are wrong, by the rule that each breaks. */
export const defects: readonly Defect[] = [...sseDefects, ...chatStreamDefects, ...usageDefects]

/** Forms that differ from the mock's own and are legal. */
export const variants: readonly Variant[] = [...sseVariants, ...chatStreamVariants, ...usageVariants]
