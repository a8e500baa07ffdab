import type { Limit } from "@nexhina/mock"
import { table } from "./table.ts"

/** The limits of the mock, as a Markdown page. */
export function mockLimitsPage(limits: Readonly<Record<string, Limit>>): string {
  const rows = Object.values(limits).map(({ max, of, beyond }) => [max.toLocaleString("en"), of, beyond])
  return `${[
    "# Limits of the mock server",
    "",
    "All requests share one thread, so the work of each is limited. A request beyond a limit gets an error that",
    "names the limit, and other clients are served meanwhile. All limits are choices of this project. This page is",
    "generated from the code.",
    "",
    table(["limit", "of", "beyond it"], rows),
  ].join("\n")}\n`
}
