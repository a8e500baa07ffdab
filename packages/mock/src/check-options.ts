import { profiles } from "@nexhina/schemas"
import { requireKnownNames } from "./known-names.ts"
import type { MockOptions } from "./mock.ts"
import { latencyParameters } from "./timing/latency-model.ts"
import { quotaKinds } from "./timing/quota-kinds.ts"

/** Which values an option may have, and how an error describes them. */
type Expectation = readonly [accepts: (value: unknown) => boolean, description: string]

const list: Expectation = [Array.isArray, "a list"]
const boolean: Expectation = [(value) => typeof value === "boolean", "true or false"]
const isFunction = (value: unknown) => typeof value === "function"
const object: Expectation = [
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "an object",
]
const profileNames = Object.keys(profiles)

/** Options whose values are not checked where they are used. Programs in JavaScript have no types. */
const expectations = {
  profile: [
    (value) => typeof value === "string" && profileNames.includes(value),
    profileNames.map((name) => `'${name}'`).join(" or "),
  ],
  keys: [
    (value) => value === "any" || value === "none-needed" || Array.isArray(value),
    "'any', 'none-needed' or a list of keys",
  ],
  models: list,
  strictModels: boolean,
  callTools: boolean,
  clock: [isFunction, "a function"],
  elapsed: [isFunction, "a function"],
  alterations: [(value) => Array.isArray(value) || isFunction(value), "a list or a function"],
  always: list,
  tokenizer: [isFunction, "a function"],
  responders: list,
  latency: object,
  fault: [(value) => typeof value === "string", "a text such as 'after 2 events: reset'"],
  quotas: object,
  scenarios: list,
  strictScenarios: boolean,
  onCrash: [isFunction, "a function"],
} as const satisfies { readonly [Name in keyof MockOptions]: Expectation }

/** Throws a `TypeError` that names an option of `createMock` with a wrong type. The value is never shown: it may be a key. */
export function requireValidOptions(options: MockOptions): void {
  for (const [name, [accepts, description]] of Object.entries<Expectation>(expectations)) {
    const value: unknown = Reflect.get(options, name)
    if (value === undefined || accepts(value)) continue
    throw new TypeError(`Invalid option '${name}': expected ${description}.`)
  }
  if (options.latency)
    requireKnownNames(options.latency, Object.keys(latencyParameters), "member of 'latency'")
  if (options.quotas) requireKnownNames(options.quotas, Object.keys(quotaKinds), "member of 'quotas'")
}
