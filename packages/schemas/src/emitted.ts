import { stringify } from "yaml"
import { endpoints, schemasWithoutEndpoint } from "./endpoints.ts"
import { type OpenApiVersion, openapi } from "./openapi.ts"

/** The files of the folder `openapi/`: name → text. */
export function emitted(): Record<string, string> {
  const document = (version: OpenApiVersion) =>
    openapi(version, Object.values(endpoints), schemasWithoutEndpoint)
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
  return {
    "openapi.json": json(document("3.1.1")),
    "openapi.yaml": stringify(document("3.1.1"), { aliasDuplicateObjects: false, lineWidth: 0 }),
    "openapi-3.2.json": json(document("3.2.0")),
  }
}
