import { badgeReport } from "./badge.ts"
import { consoleReport } from "./console.ts"
import { githubReport } from "./github.ts"
import { htmlReport } from "./html.ts"
import { jsonReport } from "./json.ts"
import { junitReport } from "./junit.ts"
import { markdownReport } from "./markdown.ts"
import type { ReportFormat } from "./report.ts"
import { sarifReport } from "./sarif.ts"

/** The report formats by the name that `--report` takes; a new one is a file and a line here. */
export const reports = {
  console: consoleReport,
  json: jsonReport,
  junit: junitReport,
  html: htmlReport,
  markdown: markdownReport,
  github: githubReport,
  sarif: sarifReport,
  badge: badgeReport,
} as const satisfies Record<string, ReportFormat>
