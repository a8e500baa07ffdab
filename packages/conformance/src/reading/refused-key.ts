import type { Evidence } from "../evidence.ts"
import { answeredOf, isObject } from "./answered.ts"

/**
 * Returns whether a reply says, by the documented code, that the key of the run is invalid, and so nothing about the rest
 * of the request: a key may be revoked during a run.
 */
export function refusesKey(exchange: Evidence): boolean {
  if (exchange.key.value !== "configured" || exchange.response?.status !== 401) return false
  const { json } = answeredOf(exchange) ?? {}
  const error = json?.ok && isObject(json.value) ? json.value["error"] : undefined
  return isObject(error) && error["code"] === "invalid_api_key"
}
