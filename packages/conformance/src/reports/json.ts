import type { ReportFormat } from "./report.ts"

/** The report as it is; its JSON Schema is published as `report.schema.json`. */
export const jsonReport: ReportFormat = {
  says: "the complete report as JSON",
  write: (report) => `${JSON.stringify(report, null, 2)}\n`,
}
