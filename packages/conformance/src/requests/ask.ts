import { type Endpoint, endpoints, type OperationId } from "@nexhina/schemas"
import { z } from "zod"
import type { Step } from "../target/step.ts"

/** Returns whether a request to an operation is complete without the member, as one that the contract lacks is. */
export function isOptionalMember(operation: OperationId, name: string): boolean {
  const { request }: Endpoint = endpoints[operation]
  const shape: z.core.$ZodShape = request?.schema instanceof z.ZodObject ? request.schema.shape : {}
  const member = Object.hasOwn(shape, name) ? shape[name] : undefined
  return member === undefined || member._zod.optin === "optional"
}

/**
 * Returns the step that sends a generated body. The target may reject each optional member by name, except `stream`,
 * which is documented for every operation that has it.
 */
export function askFor(operation: OperationId, body: object): Step {
  return {
    operation,
    body,
    exercises: Object.keys(body)
      .filter((name) => name !== "stream" && isOptionalMember(operation, name))
      // Errors name a list of a form without the brackets, too.
      .map((name) => name.replace(/\[\]$/, "")),
  }
}
