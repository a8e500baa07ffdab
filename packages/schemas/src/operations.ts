import type { Endpoint } from "./endpoint.ts"
import { endpoints, type OperationId } from "./endpoints.ts"
import type { Profile } from "./profile.ts"

/** Returns the operations that a server with this profile has. */
export function operationsOf(profile: Profile): readonly OperationId[] {
  // The registry's keys are the operation ids; `Object.keys` widens them to string.
  const operations = Object.keys(endpoints) as OperationId[]
  return operations.filter((id) => {
    const { onlyWith }: Endpoint = endpoints[id]
    return onlyWith === undefined || profile[onlyWith]
  })
}
