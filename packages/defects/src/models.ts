import type { Model } from "@nexhina/schemas"
import type { Reply, Situation } from "@nexhina/wire"
import { type Defect, onReply, onWire, stateful, type Variant, without } from "./defect.ts"

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
    says: "the list of models has no object member",
    breaks: "models.schema",
    fault: "missing",
    also: [],
    seen: ["OpenAI API reference: list models"],
    ...onReply("listModels", (list) => without(list, "object")),
  },
  {
    id: "models-object-llm",
    says: "the object of models is not model",
    breaks: "models.schema",
    fault: "wrong-value",
    also: [],
    seen: ["OpenAI API reference: the model object"],
    ...onListed((model) => ({ ...model, object: "llm" })),
  },
  {
    id: "models-created-missing",
    says: "models have no created time",
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
    says: "the created time is in milliseconds instead of seconds",
    breaks: "models.schema-full",
    fault: "milliseconds",
    also: ["models.retrieve-equal", "http.created-plausible"],
    seen: ["OpenAI API reference: the model object, created in Unix seconds"],
    ...onListed((model) => ({ ...model, created: 1000 * (model.created ?? 0) })),
  },
  {
    id: "models-owner-null",
    says: "the owned_by of models is null",
    breaks: "models.schema-full",
    fault: "no-owner",
    also: [],
    seen: ["OpenAI API reference: the model object"],
    ...onListed((model) => ({ ...model, owned_by: null })),
  },
  {
    id: "models-listed-twice",
    says: "a model is listed once per provider",
    breaks: "models.id-unique",
    fault: "repeated",
    also: [],
    seen: ["Quick to use: data[].id is the value for model"],
    ...onReply("listModels", (list) => ({ ...list, data: [...list.data, ...list.data.slice(0, 2)] })),
  },
  {
    id: "models-long-id-404",
    says: "models with a long id are listed but cannot be retrieved",
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
    says: "the id of a retrieved model has a provider prefix",
    breaks: "models.retrieve-listed",
    fault: "other-id",
    also: ["models.retrieve-raw-slash"],
    seen: ["https://github.com/GradientHQ/parallax/pull/440"],
    ...onReply("retrieveModel", (model) => ({ ...model, id: `provider/${model.id}` })),
  },
  {
    id: "models-slash-id-404",
    says: "a slash in a model id is treated as a path separator",
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
    says: "only the part of a model id after the last slash is read",
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
    says: "the owned_by of a model differs from the list",
    breaks: "models.retrieve-equal",
    fault: "differs",
    also: [],
    seen: ["OpenAI API reference: retrieve model"],
    ...onReply("retrieveModel", (model) => ({ ...model, owned_by: "system" })),
  },
  {
    id: "models-unknown-200",
    says: "an unknown model is answered with status 200 and an error object",
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
    says: "an unknown model is answered with a plain text error",
    breaks: "models.unknown-404",
    fault: "no-envelope",
    also: ["http.unknown-route-envelope"],
    seen: ["https://github.com/ollama/ollama/issues/10139"],
    ...onWire(isUnknown, () => ({ body: "404 page not found" })),
  },
  {
    id: "models-listed-not-usable",
    says: "listed model ids have a provider prefix that other endpoints do not accept",
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
    says: "models in the list have only id and object; a retrieved model has more members",
    notes: ["models.schema-full", "models.retrieve-equal"],
    seen: ["https://github.com/webai-at-home/webai-at-home/issues/208"],
    ...onListed(({ id, object }) => ({ id, object })),
  },
  {
    id: "models-kinds",
    says: "models list the endpoints that support them",
    notes: [],
    seen: ["OpenAI's OpenAPI document closes no object of a reply"],
    ...onListed((model) => ({ ...model, supported_endpoint_types: ["openai"], permission: [] })),
  },
  {
    id: "models-no-retrieval",
    says: "single models cannot be retrieved",
    notes: ["http.unknown-route-envelope"],
    seen: ["RFC 9110, section 15.5.5"],
    ...onWire(
      (_, { operationId }) => operationId === "retrieveModel",
      () => ({ status: 404, body: "404 page not found" }),
    ),
  },
  {
    id: "models-created-now",
    says: "the created time of a model is the time of the request",
    notes: [],
    seen: ["LMDeploy and vLLM: the default of ModelCard.created is the current time"],
    ...stateful(() => {
      let requests = 0
      const stamped = (model: Model) => ({ ...model, created: (model.created ?? 0) + requests })
      const onOne = onReply("retrieveModel", stamped)
      const onAll = onListed(stamped)
      return {
        stage: "value",
        apply(value, situation) {
          requests++
          return onAll.apply(onOne.apply(value, situation), situation)
        },
      }
    }),
  },
]
