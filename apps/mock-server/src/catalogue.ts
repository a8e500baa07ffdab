import { defects, variants } from "@nexhina/defects"
import type { NamedAlteration } from "@nexhina/wire"

/** The defects and variants that can be selected by option or header. */
export const catalogue: readonly NamedAlteration[] = [...defects, ...variants]
