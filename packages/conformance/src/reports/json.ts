import type { ReportFormat } from "./report.ts"
import { terminalLines } from "./terminal-text.ts"

/** The report as it is; its JSON Schema is published as `report.schema.json`. */
export const jsonReport: ReportFormat = {
  says: "the complete report as JSON",
  // The escapes are those of JSON: whoever parses it gets the report as it is.
  write: (report) => `${terminalLines(JSON.stringify(report, null, 2))}\n`,
}
