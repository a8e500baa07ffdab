import { z } from "zod"
import { checkOptions, profileNames } from "./check-options.ts"
import { numberOf, type Option, type ParsedOptions, runOptions } from "./options.ts"

const defaults = { host: "127.0.0.1", port: 4020 } as const

/** The options of `proxy`: those of `check`, and where requests come from and go to. */
export const proxyOptions = {
  target: {
    flag: "--target <url>",
    says: "base URL of the server to pass requests on to, including /v1",
    schema: runOptions.baseUrl.schema,
    secret: true,
  },
  port: {
    flag: "--port <n>",
    says: `port to listen on; 0 for any (default: ${defaults.port})`,
    schema: numberOf(z.int().min(0).max(65_535)).default(defaults.port),
  },
  host: {
    flag: "--host <address>",
    says: `address to listen on (default: ${defaults.host})`,
    schema: z.string().min(1).default(defaults.host),
  },
  failFast: {
    flag: "--fail-fast",
    says: "end at the first MUST finding that is not flaky",
    schema: z.boolean().default(false),
  },
  transcript: {
    ...runOptions.transcript,
    says: "write every exchange to an NDJSON file, without credentials",
  },
  ...checkOptions,
  profile: {
    ...checkOptions.profile,
    says: `profile to judge by: ${profileNames.join(" or ")} (default: nexhina)`,
  },
  include: { ...checkOptions.include, says: "surfaces to judge (default: all)" },
  requirements: {
    ...checkOptions.requirements,
    says: "judge only by the rules that were in force in a month or on a day (default: all)",
  },
} as const satisfies Record<string, Option>
export type ProxySettings = ParsedOptions<typeof proxyOptions>
