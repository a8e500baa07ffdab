import { sentence } from "../../content/prose.ts"
import type { Random } from "../../content/random.ts"
import type { Spend } from "../../json-schema/budget.ts"
import { generate } from "../../json-schema/generate.ts"

/** What a text answers. */
export interface Heard {
  /** The last text of the user, "" when there is none. */
  readonly said: string
  /** What tools answered since. */
  readonly answered: readonly string[]
}

/** What a text has to be: any, a JSON object, or JSON for a schema, which stands at `param`. */
export type TextForm = "text" | "json" | { readonly schema: object; readonly param: string }

/**
 * A text that quotes what it answers, and adds two sentences; for a schema, any value of an object for it that is
 * found within the budget (default: one of its own).
 */
export function compose({ said, answered }: Heard, form: TextForm, draw: Random, spend?: Spend): string {
  if (typeof form === "object") {
    return JSON.stringify(generate({ type: "object", ...form.schema }, draw, form.param, spend))
  }
  const remarks = `${sentence(draw)} ${sentence(draw)}`
  if (form === "json") {
    return JSON.stringify({ said, ...(answered.length > 0 && { answered }), remarks })
  }
  const quote = said === "" ? "" : `You said: "${said}". `
  return quote + answered.map((text) => `A tool answered: "${text}". `).join("") + remarks
}
