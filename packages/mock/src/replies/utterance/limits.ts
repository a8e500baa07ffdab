/** One text, or the calls made at once, have no more tokens than this, as with real models (chosen). */
export const mostTokens = 16_384
/** One reply has no more tokens, with all their alternatives, than this (chosen). */
export const mostEntries: number = 2 ** 18
