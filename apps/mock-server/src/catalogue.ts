import { defects, variants } from "@nexhina/defects"
import type { NamedAlteration } from "@nexhina/wire"

/** What `--defect`, `--variant` and the headers of their kind can ask for. */
export const catalogue: readonly NamedAlteration[] = [...defects, ...variants]
