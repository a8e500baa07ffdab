/** What a target may be known for: legal or long-established deviations, by the name that `--trait` takes. */
export const traits = {
  azure:
    "Chunks that carry content-filter results may have no choices and blank id, model and created, and errors no type.",
  "forced-usage": "The operator sends usage on streams even if the request does not ask for it.",
  "no-auth": "The server asks for no API key.",
  openresponses: "Responses streams end with [DONE], as the Open Responses specification says.",
  "public-models": "The server shows its list of models without an API key.",
  "single-model": "The server answers every model name with the one model that it has.",
  "unfolded-reasoning": "total_tokens counts reasoning tokens besides completion_tokens.",
} as const
export type Trait = keyof typeof traits
