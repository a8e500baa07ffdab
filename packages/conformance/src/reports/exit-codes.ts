/** Exit codes of `run` and their meanings. A file of its own, because `--help` shows them and loads nothing else. */
export const exitCodes = {
  0: "no MUST findings that the baseline does not waive, apart from flaky ones (with --strict, no SHOULD findings either)",
  1: "MUST findings (with --strict, SHOULD findings too), or stale or expired entries of the baseline",
  2: "usage or configuration error, rejected API key, or nothing was judged",
  3: "incomplete: no surface answered (also with findings), or, without findings, the run was interrupted or too few MUST rules could be judged",
} as const
export type ExitCode = keyof typeof exitCodes
