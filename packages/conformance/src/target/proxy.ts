import { getProxyForUrl } from "proxy-from-env"
import { UsageError } from "../options/options.ts"

/**
 * Returns the proxy for a URL, as HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY name it, also in lower case.
 * @throws {UsageError} when it is not an http or https URL.
 */
export function proxyFor(url: string): URL | undefined {
  const given = getProxyForUrl(url)
  if (given === "") return undefined
  const proxy = URL.canParse(given) ? new URL(given) : undefined
  if (proxy && /^https?:$/.test(proxy.protocol)) return proxy
  throw new UsageError(
    "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: Expected an http or https URL, such as http://proxy.example:3128; NO_PROXY names hosts without a proxy",
  )
}
