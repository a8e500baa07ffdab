import type { FunctionDefinition } from "@nexhina/schemas"
import { sentence } from "../../content/prose.ts"
import type { Random } from "../../content/random.ts"
import type { Spend } from "../../json-schema/budget.ts"
import { generate } from "../../json-schema/generate.ts"
import { requireSchema } from "../../json-schema/well-formed.ts"
import { Refusal } from "../../refusal.ts"

/** Something that a reply may call, and how its input is made. */
export interface Callable {
  /** `legacy` is a member of chat's `functions`, the form before `tools`. */
  readonly kind: "function" | "custom" | "legacy"
  readonly name: string
  /**
   * Arguments as JSON text, or a custom tool's free text. Throws a `Refusal` when its schema cannot be met within the
   * budget (default: one of its own).
   */
  input(random: Random, spend?: Spend): string
}

/** What a request lets its reply call. */
export interface Offer {
  readonly callables: readonly Callable[]
  /** Whether text instead of a call is no answer. */
  readonly must: boolean
}

export const noOffer: Offer = { callables: [], must: false }

/** What a reply may call of an offer. */
export interface Occasion {
  /** Whether a tool has answered the last user message. */
  readonly isAnswered: boolean
  /** Whether several calls may be made at once. */
  readonly parallel: boolean
}

/**
 * What is called: nothing once a tool has answered, unless a call must be made; else one of the callables, or two
 * where there are several and parallel calls are allowed.
 */
export function chooseCalls(
  { callables, must }: Offer,
  { isAnswered, parallel }: Occasion,
  random: Random,
): readonly Callable[] {
  if (callables.length === 0 || (!must && isAnswered)) return []
  return random.shuffle(callables).slice(0, parallel ? 2 : 1)
}

/**
 * A function, called with arguments for its schema, which stands at `param`. Throws a `Refusal` when the schema is
 * none, whether it will be called or not.
 */
export function functionCallable(
  kind: "function" | "legacy",
  {
    name,
    parameters,
  }: Pick<FunctionDefinition, "name"> & { readonly parameters?: object | null | undefined },
  param: string,
): Callable {
  if (parameters) requireSchema(parameters, `${param}.parameters`)
  return {
    kind,
    name,
    input: (random, spend) =>
      JSON.stringify(generate({ type: "object", ...parameters }, random, `${param}.parameters`, spend)),
  }
}

/** A grammar that says which texts a custom tool takes. */
export interface Grammar {
  readonly syntax: "lark" | "regex"
  readonly definition: string
}

/** A custom tool, called with text by its grammar, which stands at `param`; without one, with any text. */
export function customCallable(name: string, grammar: Grammar | undefined, param: string): Callable {
  return { kind: "custom", name, input: (random, spend) => customInput(grammar, random, param, spend) }
}

function customInput(
  grammar: Grammar | undefined,
  random: Random,
  param: string,
  spend: Spend | undefined,
): string {
  if (!grammar) return sentence(random)
  const { syntax, definition } = grammar
  if (syntax !== "regex")
    throw new Refusal(400, { message: `The mock writes no text by '${syntax}' grammars.`, param })
  // Alone, because `a)(b` is none and would be one within brackets.
  requireSchema({ pattern: definition }, param)
  // As a schema's pattern, it is refused in the same words when no text can be written for it.
  return String(generate({ type: "string", pattern: `^(?:${definition})$` }, random, param, spend))
}
