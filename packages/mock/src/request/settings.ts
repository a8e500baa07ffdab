import { Refusal } from "../refusal.ts"
import { type QuotaSettings, quotaNames, quotaOf } from "../timing/quota-kinds.ts"
import type { KnownHeaders } from "./headers.ts"

/** Time and trouble of the requests of one scope: the headers `x-mock-…` by their names, and quotas. */
export interface ScopeSettings extends QuotaSettings {
  /** Value of `x-mock-scope`. Default: requests of every scope, unless that has its own setting. */
  readonly scope?: string | undefined
  /** As in `x-mock-latency`. */
  readonly latency?: string | undefined
  /** As in `x-mock-fault`. */
  readonly fault?: string | undefined
  /** As in `x-mock-defect`. */
  readonly defect?: string | undefined
  /** As in `x-mock-variant`. */
  readonly variant?: string | undefined
}

/** The settings of a mock, while it runs. The headers of a request replace them. */
export interface SettingsControl {
  readonly list: readonly ScopeSettings[]
  /** Replaces the settings of a scope, from the next request on. Throws a `TypeError` that names the wrong one. */
  set(settings: ScopeSettings): void
  /** Removes the settings of a scope ("" for those of all requests). Default: of every scope, as `reset()` of the mock does. */
  clear(scope?: string): void
}

/** The settings of a mock. */
export interface Settings extends SettingsControl {
  /** Returns the headers of a request with the settings that they do not replace. */
  appliedTo(headers: KnownHeaders): KnownHeaders
  /** Returns the quotas that replace those of the options for requests of a scope. */
  quotasOf(scope: string): QuotaSettings
}

/** Maximum number of scopes with settings (chosen). */
const maxScopes = 10_000

const headerNames = ["latency", "fault", "defect", "variant"] as const
const names = [...headerNames, ...quotaNames]

/** Creates the settings of one mock. `check` throws a `Refusal` for headers that are not valid. */
export function createSettings(check: (headers: KnownHeaders) => void): Settings {
  const scopes = new Map<string, ScopeSettings>()
  const headersOf = (scope: string) => {
    const settings = scopes.get(scope)
    return settings && toHeaders(settings)
  }
  return {
    get list() {
      return [...scopes.values()]
    },
    set(settings) {
      requireValid(settings, check)
      const { scope = "" } = settings
      if (!names.some((name) => settings[name] !== undefined)) scopes.delete(scope)
      else if (scopes.size >= maxScopes && !scopes.has(scope)) {
        throw new TypeError(
          `There are settings for ${maxScopes} scopes, which is the limit. Clear them first.`,
        )
      } else scopes.set(scope, settings)
    },
    clear(scope) {
      if (scope === undefined) scopes.clear()
      else scopes.delete(scope)
    },
    appliedTo(headers) {
      if (scopes.size === 0) return headers
      const scope = headers["x-mock-scope"]
      return { ...headersOf(""), ...(scope !== undefined && headersOf(scope)), ...headers }
    },
    quotasOf(scope) {
      if (scopes.size === 0) return noQuotas
      const [own, all] = [scopes.get(scope), scopes.get("")]
      return { rpm: own?.rpm ?? all?.rpm, tpm: own?.tpm ?? all?.tpm }
    },
  }
}

const noQuotas: QuotaSettings = {}

function toHeaders(settings: ScopeSettings): KnownHeaders {
  const given = headerNames.flatMap((name) => {
    const value = settings[name]
    return value === undefined ? [] : [[`x-mock-${name}`, value] as const]
  })
  return Object.fromEntries(given)
}

function requireValid(settings: ScopeSettings, check: (headers: KnownHeaders) => void): void {
  for (const name of quotaNames) {
    const perMinute = settings[name]
    if (perMinute !== undefined && perMinute !== "none") quotaOf(name, perMinute, "setting")
  }
  try {
    check(toHeaders(settings))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const [name = "", message] = [error.param ?? "", error.message].map((text) =>
      text.replaceAll("x-mock-", ""),
    )
    throw new TypeError(`Invalid setting '${name}': ${message}`)
  }
}
