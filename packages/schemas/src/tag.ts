import { z } from "zod"

/** Returns the schema of a string member with one value, such as the member that tells the arms of a union apart. */
export function tag<const Value extends string>(value: Value): z.ZodLiteral<Value> {
  const schema = z.literal(value)
  z.globalRegistry.add(schema, { description: `Always \`${value}\`.` })
  return schema
}
