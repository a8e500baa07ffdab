import type { Outcome, Report } from "./report.ts"

/** What a report says of its target in one word. `partly-checked`: nothing was broken, and not everything was judged. */
export type Standing = Outcome | "partly-checked"

/** Returns what a report says of its target: never more than its evidence. */
export const standingOf = ({ outcome, conformant }: Pick<Report, "outcome" | "conformant">): Standing =>
  outcome === "conformant" && conformant !== true ? "partly-checked" : outcome

/** The standings in words. */
export const standingTitles: Readonly<Record<Standing, string>> = {
  conformant: "Conformant",
  "partly-checked": "Partly checked",
  "not-conformant": "Not conformant",
  incomplete: "Incomplete",
}
