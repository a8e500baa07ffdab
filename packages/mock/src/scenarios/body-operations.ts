import { type Endpoint, endpoints, type OperationId } from "@nexhina/schemas"
import { z } from "zod"
import { baseOf } from "../models.ts"
import { at } from "./schema-members.ts"

/**
 * Returns the operations that a body may be a request of: it has the members that they require, and names no model that
 * only others know. Of these, the ones that know the most of its members.
 */
export function operationsOf(body: object): readonly OperationId[] {
  const model = at(body, ["model"])
  const base = typeof model === "string" ? baseOf(model) : ""
  const requests = Object.values<Endpoint>(endpoints).flatMap((endpoint) => signatureOf(endpoint) ?? [])
  const knows = ({ models }: Signature) => [model, base].some((name) => models.includes(name))
  const isKnown = requests.some(knows)
  const fits = requests
    .filter(({ required }) => required.every((name) => Object.hasOwn(body, name)))
    .filter((request) => !isKnown || request.models.length === 0 || knows(request))
    .map(({ id, members }) => ({ id, known: members.filter((name) => Object.hasOwn(body, name)).length }))
  const most = Math.max(...fits.map(({ known }) => known))
  return fits.filter(({ known }) => known === most).map(({ id }) => id)
}

/** What the body of an operation is recognised by. */
interface Signature {
  readonly id: OperationId
  readonly members: readonly string[]
  readonly required: readonly string[]
  /** The models of the catalogue that it names. */
  readonly models: readonly unknown[]
}

function signatureOf({ operationId, request }: Endpoint): Signature | undefined {
  if (request === undefined) return undefined
  const shape = Object.entries(Object(Reflect.get(request.schema, "shape")))
  const required = shape.filter(([name, member]) => name !== "file" && isRequired(member))
  return {
    // The registry's keys are the operation ids.
    id: operationId as OperationId,
    members: shape.map(([name]) => name),
    required: required.map(([name]) => name),
    models: valuesOf(Object.fromEntries(shape)["model"]),
  }
}

function isRequired(schema: unknown): boolean {
  return schema instanceof z.ZodType && !schema.safeParse(undefined).success
}

/** Returns the values that the enums of a schema list. */
function valuesOf(schema: unknown): readonly unknown[] {
  if (schema instanceof z.ZodEnum) return schema.options
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(valuesOf)
  return schema instanceof z.ZodOptional ? valuesOf(schema.unwrap()) : []
}
