import type { Mock } from "@nexhina/mock"
import { ChatCompletionRequest } from "@nexhina/schemas"
import { type Asked, behind, changed, errorOf, json } from "./layer.ts"

/**
 * The server of llama.cpp with one chat model, started without a key, `--embeddings` and `--rerank`.
 * Sources in ggml-org/llama.cpp: `tools/server/README.md`, `format_error_response` (no `param`, a number as code),
 * `json_value` (a member of a wrong type counts as absent), pull requests 5961 (JSON that cannot be read is a 500) and
 * 16486; on `n` and on the name of the model, `oaicompat_chat_params_parse`.
 */
const model = "Llama-3.2-3B-Instruct-Q4_K_M.gguf"

const error = (code: number, message: string, type: string) => json(code, { error: { code, message, type } })
const invalid = (message: string) => error(400, message, "invalid_request_error")

const disabled: Readonly<Record<string, string>> = {
  "/embeddings": "This server does not support embeddings. Start it with `--embeddings`",
  "/rerank": "This server does not support reranking. Start it with `--reranking`",
}

const list = {
  models: [{ name: model, model, capabilities: ["completion"] }],
  object: "list",
  data: [
    { id: model, object: "model", created: 1754000000, owned_by: "llamacpp", meta: { n_ctx_train: 131072 } },
  ],
}

/** The members that can be read; the others count as absent. */
function readable(body: Asked["body"]): Asked["body"] {
  const wrong = new Set(ChatCompletionRequest.safeParse(body).error?.issues.map(({ path }) => path[0]))
  return Object.fromEntries(Object.entries(body).filter(([name]) => name === "messages" || !wrong.has(name)))
}

function refusal({ body, isJson }: Asked) {
  if (!isJson)
    return error(
      500,
      "[json.exception.parse_error.101] parse error at line 1, column 9: syntax error",
      "server_error",
    )
  if (!("messages" in body)) return invalid("'messages' is required")
  if (!Array.isArray(body["messages"])) return invalid("Expected 'messages' to be an array")
  if (Number(body["n"] ?? 1) !== 1) return invalid("Only one completion choice is allowed")
  return undefined
}

/** Creates the imitation. */
export const llamaCpp = (): Mock =>
  behind(
    async (asked, answer) => {
      const { method, path, body } = asked
      if (path === "/models" && method === "GET") return json(200, list)
      if (method === "POST" && disabled[path] !== undefined)
        return error(501, disabled[path], "not_supported_error")
      if (path !== "/chat/completions" || method !== "POST")
        return error(404, "File Not Found", "not_found_error")
      const refused = refusal(asked)
      if (refused) return refused
      // Whatever model is named, the one that is loaded answers.
      const reply = await answer({ ...readable(body), model })
      const message = errorOf(reply)
      if (message !== undefined) return invalid(message)
      return changed(Promise.resolve(reply), (value) => ({
        ...value,
        timings: { prompt_n: 9, predicted_n: 12 },
      }))
    },
    { keys: "none-needed", models: [model], strictModels: true },
  )
