import { createValidator } from "@nexhina/schemas"
import type { z } from "zod"

/** Returns whether a value fits a schema. A schema that was used 300 times (chosen) is compiled. */
export const fits = createValidator(300)

/** Returns a value as it came, typed by a schema that it fits; `undefined` when it does not. */
export const fitted = <S extends z.ZodType>(schema: S, value: unknown): z.input<S> | undefined =>
  fits(schema, value) ? (value as z.input<S>) : undefined
