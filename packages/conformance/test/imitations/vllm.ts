import type { Mock } from "@nexhina/mock"
import { behind, changed, errorOf, json } from "./layer.ts"

/**
 * vLLM 0.11, `vllm serve meta-llama/Llama-3.1-8B-Instruct --api-key …`.
 * Sources in vllm-project/vllm: `entrypoints/openai/api_server.py` (AuthenticationMiddleware, the handlers of
 * HTTPException and RequestValidationError, create_embedding), `serving_models.py` (the only model, ModelCard), pull
 * requests 13568 (a request without `model` means the served one) and 22099 (errors are nested in `error`).
 */
const model = "meta-llama/Llama-3.1-8B-Instruct"
export const vllmKey = "token-of-imitation"

const error = (code: number, message: string, type: string) =>
  json(code, { error: { message, type, param: null, code } })

const card = {
  id: model,
  object: "model",
  created: 1754000000,
  owned_by: "vllm",
  root: model,
  parent: null,
  max_model_len: 131072,
  permission: [{ id: "modelperm-1", object: "model_permission", allow_sampling: true }],
}

const generating = ["/chat/completions", "/responses"]

const names: Readonly<Record<number, string>> = { 400: "BadRequestError", 404: "NotFoundError" }

/** Creates the imitation. */
export const vllm = (): Mock =>
  behind(
    async ({ method, path, body, isJson, key }, answer) => {
      // Not the envelope of other errors: the middleware answers before they are made.
      if (key !== vllmKey) return json(401, { error: "Unauthorized" })
      if (path === "/models" && method === "GET") return json(200, { object: "list", data: [card] })
      if (path === "/embeddings")
        return error(400, "The model does not support Embeddings API", "BadRequestError")
      if (!generating.includes(path)) return error(404, "Not Found", "Not Found")
      if (method !== "POST") return error(405, "Method Not Allowed", "Method Not Allowed")
      const reply = await (isJson && !("model" in body) ? answer({ model, ...body }) : answer())
      const message = errorOf(reply)
      if (message !== undefined)
        return error(reply.status, message, names[reply.status] ?? "InternalServerError")
      // Members of its own, beside those of OpenAI.
      return path === "/chat/completions"
        ? changed(Promise.resolve(reply), (value) => ({
            ...value,
            prompt_logprobs: null,
            kv_transfer_params: null,
          }))
        : reply
    },
    { keys: [vllmKey], models: [model], strictModels: true },
  )
