import type { Rule } from "./rule.ts"

/** Every rule of the kit, in the order of the report. */
export const rules: readonly Rule[] = []
