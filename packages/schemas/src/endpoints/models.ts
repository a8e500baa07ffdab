import { z } from "zod"
import { endpoint } from "../endpoint.ts"
import { readErrors } from "../error.ts"
import { openObject } from "../open.ts"
import { deduced, documented } from "../provenance.ts"
import { tag } from "../tag.ts"

/** `created` and `owned_by` are optional: servers that list local models leave them out. */
export const Model = openObject({
  id: z
    .string()
    .min(1)
    .meta({ ...documented, description: "ID of the model: the value for `model` in requests." }),
  object: tag("model"),
  created: z.int().min(0).optional().meta({ description: "Creation time in Unix seconds." }),
  owned_by: z.string().optional().describe("Organization that owns the model."),
}).meta({ id: "Model", ...deduced, description: "A model that the gateway offers." })
export type Model = z.infer<typeof Model>

export const ModelList = openObject({
  object: tag("list"),
  data: z.array(Model).meta(documented).describe("Available models."),
}).meta({ id: "ModelList", ...deduced, description: "List of the available models." })
export type ModelList = z.infer<typeof ModelList>

const gpt4o = { id: "gpt-4o", object: "model", created: 1713833628, owned_by: "openai" } as const

export const listModels = endpoint({
  operationId: "listModels",
  surface: "models",
  method: "GET",
  path: "/models",
  summary: "List the available models",
  description: "Lists the models that the API key may use. Use `data[].id` as `model` in other requests.",
  provenance: "deduced",
  success: {
    status: 200,
    description: "The list of models.",
    content: { "application/json": { kind: "json", schema: ModelList } },
    provenance: "deduced",
  },
  examples: {
    one: {
      summary: "One model",
      provenance: "deduced",
      value: { object: "list", data: [gpt4o] } satisfies ModelList,
    },
  },
  errors: [401, 403, 429, 500, 503],
  checks: [],
})

export const retrieveModel = endpoint({
  operationId: "retrieveModel",
  surface: "models",
  method: "GET",
  path: "/models/{model}",
  summary: "Retrieve a model",
  description: "Returns one model. Percent-encode slashes in its ID.",
  provenance: "deduced",
  params: z.object({
    model: z
      .string()
      .min(1)
      .meta({ description: "ID of the model.", examples: ["gpt-4o"] }),
  }),
  success: {
    status: 200,
    description: "The requested model.",
    content: { "application/json": { kind: "json", schema: Model } },
    provenance: "deduced",
  },
  examples: { model: { summary: "Model", provenance: "deduced", value: gpt4o satisfies Model } },
  errors: readErrors,
  checks: [],
})
