import { stringify } from "yaml"
import { openapiDocument } from "./documents.ts"

/** The files of the folder `openapi/`: name → text. */
export function emitted(): Record<string, string> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
  return {
    "openapi.json": json(openapiDocument("3.1.1")),
    "openapi.yaml": stringify(openapiDocument("3.1.1"), { aliasDuplicateObjects: false, lineWidth: 0 }),
    "openapi-3.2.json": json(openapiDocument("3.2.0")),
  }
}
