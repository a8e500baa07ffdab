import type { FunctionDefinition } from "@nexhina/schemas"
import { sentence } from "../../content/prose.ts"
import type { Random } from "../../content/random.ts"
import type { Spend } from "../../json-schema/budget.ts"
import { generate } from "../../json-schema/generate.ts"
import { requireSchema } from "../../json-schema/well-formed.ts"
import { Refusal } from "../../refusal.ts"

/** A tool that a reply may call. */
export interface Callable {
  /** `legacy` is a member of chat's `functions`, the form before `tools`. */
  readonly kind: "function" | "custom" | "legacy"
  readonly name: string
  /**
   * Generates arguments as JSON text, or a custom tool's free text. Throws a `Refusal` when the schema has no value
   * within the budget.
   */
  input(random: Random, spend: Spend): string
}

/** The tools that a reply may call. */
export interface Offer {
  readonly callables: readonly Callable[]
  /** Whether the reply must be a call. */
  readonly must: boolean
}

/** The request's tool choice: a mode, or the names of the tools that may be called. */
export type ToolChoice =
  | "none"
  | "auto"
  | "required"
  | { readonly names: readonly unknown[]; readonly must: boolean }

/** Returns the callables that the tool choice allows. */
export function offer(callables: readonly Callable[], choice: ToolChoice): Offer {
  if (choice === "none") return { callables: [], must: false }
  if (choice === "auto" || choice === "required") return { callables, must: choice === "required" }
  const names = new Set(choice.names)
  return { callables: callables.filter(({ name }) => names.has(name)), must: choice.must }
}

/**
 * Chooses what is called: nothing once a tool has answered, unless a call is required; otherwise one of the callables,
 * or two when there are several and parallel calls are allowed.
 */
export function chooseCalls(
  { callables, must }: Offer,
  { isAnswered, parallel }: { readonly isAnswered: boolean; readonly parallel: boolean },
  random: Random,
): readonly Callable[] {
  if (callables.length === 0 || (!must && isAnswered)) return []
  return random.shuffle(callables).slice(0, parallel ? 2 : 1)
}

/**
 * Returns a callable function; `param` is the path of its definition in the request. Throws a `Refusal` when its
 * `parameters` are not a valid schema, whether it will be called or not.
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

/** A grammar for the input of a custom tool. */
export interface Grammar {
  readonly syntax: "lark" | "regex"
  readonly definition: string
}

/** Returns a callable custom tool. Its input follows the grammar at `param`; without one it is a sentence. */
export function customCallable(name: string, grammar: Grammar | undefined, param: string): Callable {
  return { kind: "custom", name, input: (random, spend) => customInput(grammar, random, param, spend) }
}

function customInput(grammar: Grammar | undefined, random: Random, param: string, spend: Spend): string {
  if (!grammar) return sentence(random)
  const { syntax, definition } = grammar
  if (syntax !== "regex")
    throw new Refusal(400, {
      message: `The mock does not support '${syntax}' grammars. Use a 'regex' grammar.`,
      param,
    })
  // Checked alone: `a)(b` is not a valid pattern, but becomes one in parentheses.
  requireSchema({ pattern: definition }, param)
  // Generated like a schema's pattern, so that an impossible one is refused with the same message.
  return String(generate({ type: "string", pattern: `^(?:${definition})$` }, random, param, spend))
}
