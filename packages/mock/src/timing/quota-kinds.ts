/** Quotas for each key and scope. */
export interface QuotaOptions {
  /** Requests per minute. Default: not limited. */
  readonly rpm?: number
  /** Tokens per minute. Default: not limited. */
  readonly tpm?: number
}

/** Quotas that replace those of the options; `none` switches one off. */
export interface QuotaSettings {
  /** Requests per minute of each key and scope. */
  readonly rpm?: number | "none" | undefined
  /** Tokens per minute of each key and scope. */
  readonly tpm?: number | "none" | undefined
}

interface Kind {
  readonly flag: string
  readonly says: string
  /** Name in the headers. */
  readonly header: string
  readonly short: string
}

/** The kinds of quotas: flags, headers and documentation are derived from this object. */
export const quotaKinds = {
  rpm: {
    flag: "--rpm <number>",
    says: "requests per minute of each key and scope, before they are refused with 429 (default: no limit)",
    header: "requests",
    short: "RPM",
  },
  tpm: {
    flag: "--tpm <number>",
    says: "tokens per minute of each key and scope, before requests are refused with 429 (default: no limit)",
    header: "tokens",
    short: "TPM",
  },
} as const satisfies Readonly<Record<keyof QuotaOptions, Kind>>

// `Object.keys` widens the names to string.
export const quotaNames: readonly (keyof QuotaOptions)[] = Object.keys(quotaKinds) as (keyof QuotaOptions)[]

export const minuteMs = 60_000
/** Largest quota: amounts times milliseconds of a minute stay exact integers. */
const maxQuota = 1_000_000_000

/** Returns a quota that has been checked. Throws a `TypeError` that names it as a `what`. */
export function quotaOf(name: keyof QuotaOptions, perMinute: number, what = "quota"): number {
  if (Number.isInteger(perMinute) && perMinute >= 1 && perMinute <= maxQuota) return perMinute
  throw new TypeError(`Invalid ${what} '${name}': expected a whole number from 1 to ${maxQuota}.`)
}
