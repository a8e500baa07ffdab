import type { ReportFormat } from "./report.ts"
import { consoleReport } from "./reports/console.ts"
import { jsonReport } from "./reports/json.ts"
import { junitReport } from "./reports/junit.ts"

/** The report formats by the name that `--report` takes; a new one is a file and a line here. */
export const reports = {
  console: consoleReport,
  json: jsonReport,
  junit: junitReport,
} as const satisfies Record<string, ReportFormat>
