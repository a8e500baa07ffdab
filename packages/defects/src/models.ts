import type { Model } from "@nexhina/schemas"
import type { Reply, Situation } from "@nexhina/wire"
import { type Defect, onReply, onWire, type Variant, without } from "./defect.ts"

/** Changes every model of the list. */
const onListed = (change: (model: Model) => object) =>
  onReply("listModels", (list) => ({ ...list, data: list.data.map(change) }))

const idOf = ({ ask }: Situation) => decodeURIComponent(ask.target.slice(ask.target.indexOf("/models/") + 8))

const isRawSlash = ({ operationId, ask }: Situation) =>
  operationId === "retrieveModel" && /\/models\/[^/]+\//.test(ask.target)

const isUnknown = ({ status }: Reply, { operationId }: Situation) =>
  operationId === "retrieveModel" && status === 404

export const modelDefects: readonly Defect[] = [
  {
    id: "models-object-missing",
    says: "the list does not say that it is one",
    breaks: "models.schema",
    fault: "missing",
    also: [],
    seen: ["OpenAI API reference: list models"],
    ...onReply("listModels", (list) => without(list, "object")),
  },
  {
    id: "models-object-llm",
    says: "models say that they are another object",
    breaks: "models.schema",
    fault: "wrong-value",
    also: [],
    seen: ["OpenAI API reference: the model object"],
    ...onListed((model) => ({ ...model, object: "llm" })),
  },
  {
    id: "models-created-missing",
    says: "models do not say when they were made",
    breaks: "models.schema-full",
    fault: "no-created",
    also: ["models.retrieve-equal"],
    seen: [
      "https://github.com/GradientHQ/parallax/pull/440",
      "https://github.com/webai-at-home/webai-at-home/issues/208",
    ],
    ...onListed((model) => without(model, "created")),
  },
  {
    id: "models-created-milliseconds",
    says: "created is in milliseconds",
    breaks: "models.schema-full",
    fault: "milliseconds",
    also: ["models.retrieve-equal"],
    seen: ["OpenAI API reference: the model object, created in Unix seconds"],
    ...onListed((model) => ({ ...model, created: 1000 * (model.created ?? 0) })),
  },
  {
    id: "models-owner-null",
    says: "models have a null owner",
    breaks: "models.schema-full",
    fault: "no-owner",
    also: [],
    seen: ["OpenAI API reference: the model object"],
    ...onListed((model) => ({ ...model, owned_by: null })),
  },
  {
    id: "models-listed-twice",
    says: "a model is listed once for each provider",
    breaks: "models.id-unique",
    fault: "repeated",
    also: [],
    seen: ["Quick to use: data[].id is the value for model"],
    ...onReply("listModels", (list) => ({ ...list, data: [...list.data, ...list.data.slice(0, 2)] })),
  },
  {
    id: "models-long-id-404",
    says: "models with a long id are listed and cannot be fetched",
    breaks: "models.retrieve-listed",
    fault: "refused",
    also: ["http.unknown-route-envelope", "models.unknown-404"],
    seen: [
      "https://github.com/BerriAI/litellm/issues/37271",
      "https://github.com/ollama/ollama/issues/10139",
    ],
    ...onWire(
      (_, situation) => situation.operationId === "retrieveModel" && idOf(situation).length > 12,
      () => ({ status: 404, body: '{"detail":"Not Found"}' }),
    ),
  },
  {
    id: "models-other-id",
    says: "a model is shown under the name of its provider",
    breaks: "models.retrieve-listed",
    fault: "other-id",
    also: ["models.retrieve-raw-slash"],
    seen: ["https://github.com/GradientHQ/parallax/pull/440"],
    ...onReply("retrieveModel", (model) => ({ ...model, id: `provider/${model.id}` })),
  },
  {
    id: "models-slash-id-404",
    says: "a slash in a model's id is taken for the path's own",
    breaks: "models.retrieve-raw-slash",
    fault: "refused",
    also: ["http.unknown-route-envelope"],
    seen: ["https://github.com/BerriAI/litellm/issues/37271"],
    ...onWire(
      (_, situation) => isRawSlash(situation),
      () => ({ status: 404, body: '{"detail":"Not Found"}' }),
    ),
  },
  {
    id: "models-slash-id-cut",
    says: "of a model's id only what stands behind the last slash is read",
    breaks: "models.retrieve-raw-slash",
    fault: "other-id",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/issues/37271"],
    ...onReply("retrieveModel", (model, situation) =>
      isRawSlash(situation) ? { ...model, id: model.id.slice(model.id.lastIndexOf("/") + 1) } : model,
    ),
  },
  {
    id: "models-other-owner",
    says: "a model has another owner than in the list",
    breaks: "models.retrieve-equal",
    fault: "differs",
    also: [],
    seen: ["OpenAI API reference: retrieve model"],
    ...onReply("retrieveModel", (model) => ({ ...model, owned_by: "system" })),
  },
  {
    id: "models-unknown-200",
    says: "an unknown model is shown as an error with the status 200",
    breaks: "models.unknown-404",
    fault: "accepted",
    also: ["http.no-error-in-2xx"],
    seen: ["OpenAI API reference: error codes, 404"],
    ...onWire(isUnknown, () => ({ status: 200 })),
  },
  {
    id: "models-unknown-400",
    says: "an unknown model is answered with 400",
    breaks: "models.unknown-404",
    fault: "other-status",
    also: [],
    seen: ["OpenAI API reference: error codes, 404"],
    ...onWire(isUnknown, () => ({ status: 400 })),
  },
  {
    id: "models-unknown-text",
    says: "an unknown model is answered with plain text",
    breaks: "models.unknown-404",
    fault: "no-envelope",
    also: ["http.unknown-route-envelope"],
    seen: ["https://github.com/ollama/ollama/issues/10139"],
    ...onWire(isUnknown, () => ({ body: "404 page not found" })),
  },
  {
    id: "models-listed-not-usable",
    says: "listed ids begin with their provider, which nothing else takes",
    breaks: "models.listed-usable",
    fault: "refused",
    also: [],
    seen: ["https://github.com/decolua/9router/issues/1512"],
    ...onListed((model) => ({ ...model, id: `provider/${model.id}` })),
  },
]

export const modelVariants: readonly Variant[] = [
  {
    id: "models-local",
    says: "models have nothing but an id and what object they are in the list, and more when asked for alone",
    notes: ["models.schema-full", "models.retrieve-equal"],
    seen: ["https://github.com/webai-at-home/webai-at-home/issues/208"],
    ...onListed(({ id, object }) => ({ id, object })),
  },
  {
    id: "models-kinds",
    says: "models tell which endpoints take them",
    notes: [],
    seen: ["OpenAI's OpenAPI document closes no object of a reply"],
    ...onListed((model) => ({ ...model, supported_endpoint_types: ["openai"], permission: [] })),
  },
  {
    id: "models-no-retrieval",
    says: "single models are not shown",
    notes: ["http.unknown-route-envelope"],
    seen: ["RFC 9110, section 15.5.5"],
    ...onWire(
      (_, { operationId }) => operationId === "retrieveModel",
      () => ({ status: 404, body: "404 page not found" }),
    ),
  },
]
