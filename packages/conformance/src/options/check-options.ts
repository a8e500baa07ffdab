import { profiles } from "@nexhina/schemas"
import { z } from "zod"
import { type Option, type ParsedOptions, parsedOptions, runOptions } from "./options.ts"

export const profileNames = Object.keys(profiles) as [keyof typeof profiles, ...(keyof typeof profiles)[]]
const { trait, include, require, rule, skip, strict, requirements, baseline, updateBaseline, report } =
  runOptions

/** The options of `check`: those of `run` that concern judging. */
export const checkOptions = {
  profile: {
    flag: "--profile <name>",
    says: `profile to judge by: ${profileNames.join(" or ")} (default: that of the recorded run, otherwise nexhina)`,
    schema: z.enum(profileNames),
  },
  trait,
  include: { ...include, says: "surfaces to judge (default: those of the recorded run, otherwise all)" },
  require,
  rule: { ...rule, says: "judge only by rules whose id matches, for example 'stream.*'" },
  skip,
  strict,
  requirements: {
    ...requirements,
    says: "judge only by the rules that were in force in a month or on a day (default: those of the recorded run, otherwise all)",
  },
  baseline,
  updateBaseline,
  report,
} as const satisfies Record<string, Option>

/** The settings of `check`. */
export type CheckSettings = ParsedOptions<typeof checkOptions>

/**
 * Joins the command line and the configuration file (the command line wins) and checks every member. Members of the file
 * that only concern `run` are ignored.
 * @throws {UsageError} naming the first member that is wrong.
 */
export const checkSettingsOf = (
  flags: Readonly<Record<string, unknown>>,
  file: Readonly<Record<string, unknown>> = {},
): CheckSettings => parsedOptions(checkOptions, flags, file)
