import type { TokenLogprob } from "@nexhina/schemas"
import { word } from "../../content/prose.ts"
import type { Random } from "../../content/random.ts"

const utf8 = new TextEncoder()

/**
 * Each token with so many alternatives, itself among them. The chosen token takes at least half of the likelihood;
 * each alternative takes half of what is left.
 */
export function tokenLogprobs(tokens: readonly string[], alternatives: number, draw: Random): TokenLogprob[] {
  const entry = (token: string, likelihood: number) => ({
    token,
    logprob: Math.log(likelihood),
    bytes: Array.from(utf8.encode(token)),
  })
  return tokens.map((token) => {
    const chosen = entry(token, 0.5 + draw.fraction() / 2)
    const others = Array.from({ length: Math.max(0, alternatives - 1) }, (_, rank) =>
      // Numbered, so that no two are the same token.
      entry(` ${word(draw)}${rank + 1}`, (1 - Math.exp(chosen.logprob)) / 2 ** (rank + 1)),
    )
    return { ...chosen, top_logprobs: alternatives === 0 ? [] : [chosen, ...others] }
  })
}
