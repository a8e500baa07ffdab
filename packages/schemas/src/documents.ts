import { endpoints, schemasWithoutEndpoint } from "./endpoints.ts"
import { type OpenApiDocument, type OpenApiVersion, openapi } from "./openapi.ts"

export { type Document31, type OpenApiDocument, type OpenApiVersion, openapi } from "./openapi.ts"

/** Returns the OpenAPI document of the whole gateway, as published in `openapi.json` and `openapi-3.2.json`. */
export function openapiDocument(version: OpenApiVersion = "3.1.1"): OpenApiDocument {
  return openapi(version, Object.values(endpoints), schemasWithoutEndpoint)
}
