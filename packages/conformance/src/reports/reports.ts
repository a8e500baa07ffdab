import { consoleReport } from "./console.ts"
import { htmlReport } from "./html.ts"
import { jsonReport } from "./json.ts"
import { junitReport } from "./junit.ts"
import type { ReportFormat } from "./report.ts"

/** The report formats by the name that `--report` takes; a new one is a file and a line here. */
export const reports = {
  console: consoleReport,
  json: jsonReport,
  junit: junitReport,
  html: htmlReport,
} as const satisfies Record<string, ReportFormat>
