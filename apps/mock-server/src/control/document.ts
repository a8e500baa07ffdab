import { ErrorResponse } from "@nexhina/schemas"
import { z } from "zod"
import type { ControlOperation } from "./operations.ts"

/** Returns the OpenAPI document of the control API. */
export function controlDocument(
  operations: Readonly<Record<string, Readonly<Record<string, ControlOperation>>>>,
): object {
  return {
    openapi: "3.1.1",
    info: {
      title: "Control API of nexhina-mock",
      version: "1.0.0",
      description: "Steers a running mock. It answers only programs on the same machine.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "http://127.0.0.1:4010/__mock/api" }],
    security: [],
    paths: Object.fromEntries(
      Object.entries(operations).map(([path, methods]) => [
        `/${path}`,
        Object.fromEntries(
          Object.entries(methods).map(([method, operation]) => [
            method.toLowerCase(),
            described(operation, `${method.toLowerCase()}_${path.replace(/\W/g, "_")}`),
          ]),
        ),
      ]),
    ),
  }
}

function described({ summary, query, body, reply }: ControlOperation, operationId: string): object {
  const parameters = Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...type } = schemaOf(schema as z.ZodType, "input")
    return { name, in: "query", description, schema: type }
  })
  return {
    operationId,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content:
          body === "text"
            ? { "application/yaml": { schema: { type: "string" } } }
            : { "application/json": { schema: schemaOf(body, "input") } },
      },
    }),
    responses: {
      200: {
        description: "Success.",
        content: { "application/json": { schema: schemaOf(reply, "output") } },
      },
      "4XX": {
        description: "The request is invalid, or comes from another machine or origin.",
        content: { "application/json": { schema: schemaOf(ErrorResponse, "output") } },
      },
    },
  }
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}
