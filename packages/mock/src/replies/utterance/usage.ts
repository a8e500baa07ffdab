import { Refusal } from "../../refusal.ts"
import type { UsageCounts } from "./utterance.ts"

/** What the mock counts, in tokens. */
interface Counted {
  readonly input: number
  /** Reasoning included. */
  readonly output: number
  readonly reasoning: number
}

/**
 * Returns the token counts to report: those that are set, and the others as counted. Reasoning that is set alone is added
 * to the tokens of the reply. Throws a `Refusal` when more tokens are set as cached than the prompt has.
 */
export function reportedUsage(set: UsageCounts, counted: Counted): Required<UsageCounts> {
  const { cached = 0 } = set
  const input = set.input ?? counted.input
  const visible = counted.output - counted.reasoning
  const output = set.output ?? visible + (set.reasoning ?? counted.reasoning)
  const reasoning = set.reasoning ?? Math.min(counted.reasoning, output)
  if (cached > input)
    throw misfit(`'cached' to ${cached} tokens, but the prompt has ${input}. Set 'input' as well`)
  if (reasoning > output) {
    throw misfit(
      `'reasoning' to ${reasoning} tokens, but the reply has ${output}. Set a greater 'output', or leave it out`,
    )
  }
  return { input, output, reasoning, cached }
}

function misfit(fault: string): Refusal {
  return new Refusal(400, {
    message: `The 'usage' of the scenario sets ${fault}.`,
    code: "scenario_reply",
  })
}
