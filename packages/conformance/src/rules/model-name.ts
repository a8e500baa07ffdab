import { shown } from "../reading/shown.ts"
import type { Fault } from "../rule.ts"

export const nameSource = "OpenAI API reference: model, the model used for the reply"

export const nameFaults = { empty: "the name of the model is empty" } as const

/** Returns the fault of a reply's `model`, if it is a blank text. Its type is for the rules on schemas to judge. */
export function nameFault(name: unknown): Omit<Fault<keyof typeof nameFaults>, "at"> | undefined {
  if (typeof name !== "string" || name.trim() !== "") return undefined
  return { fault: "empty", expected: "the name of a model", actual: shown(name) }
}
