import { z } from "zod"

/** Returns the schema of a string member with one value, such as the member that tells the arms of a union apart. */
export const tag = <const Value extends string>(value: Value): z.ZodLiteral<Value> =>
  z.literal(value).describe(`Always \`${value}\`.`)
