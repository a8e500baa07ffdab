import type { Mock } from "@nexhina/mock"
import { behind, changed, errorOf, json } from "./layer.ts"

/**
 * OpenRouter with its list of 300 models.
 * Sources at openrouter.ai/docs: `api/reference/errors-and-debugging` (the shape of errors), `api/reference/overview`
 * (members of its own, `n` is not among the parameters), `api-reference/list-available-models` (public, without
 * `object` and `owned_by`), `use-cases/usage-accounting` (usage on every stream). The models for embeddings have a list
 * of their own (`/embeddings/models`).
 */
export const openrouterKey = "sk-or-v1-key-of-imitation"

const authors = ["anthropic", "deepseek", "google", "meta-llama", "mistralai", "openai", "qwen", "x-ai"]
const models = [
  ...Array.from({ length: 299 }, (_, at) => `${authors[at % authors.length]}/model-${at}`),
  "openai/gpt-4o",
]

const error = (code: number, message: string) => json(code, { error: { message, code } })

const noSuchPage = {
  status: 404,
  headers: [["content-type", "text/html; charset=utf-8"]],
  body: "<!DOCTYPE html><html><head><title>Not Found | OpenRouter</title></head><body></body></html>",
  end: "complete",
} as const

/** Creates the imitation. */
export function openrouter(): Mock {
  let requests = 0
  // The mock makes ids of requests: no two are the same to it.
  const named = () => ({ user: `request-${requests++}` })
  return behind(
    async ({ method, path, body, isJson, key }, answer) => {
      if (path === "/models" && method === "GET") {
        const data = models.map((id) => ({
          id,
          name: id,
          created: 1754000000,
          context_length: 128000,
          pricing: { prompt: "0" },
        }))
        return json(200, { data })
      }
      const isServed = ["/chat/completions", "/responses", "/embeddings"].includes(path)
      if (!isServed || method !== "POST") return noSuchPage
      if (key === undefined) return error(401, "No auth credentials found")
      if (key !== openrouterKey) return error(401, "User not found.")
      const { model } = body
      if (path === "/embeddings") return error(404, `No endpoints found for ${model}.`)
      if (isJson && typeof model === "string" && !models.includes(model))
        return error(400, `${model} is not a valid model ID`)
      const { n: _, ...taken } = body
      const counted =
        taken["stream"] === true && path === "/chat/completions"
          ? { ...taken, stream_options: { include_usage: true } }
          : taken
      const reply = await (isJson ? answer({ ...named(), ...counted }) : answer())
      const message = errorOf(reply)
      if (message !== undefined) return error(reply.status, message)
      return path === "/chat/completions"
        ? changed(Promise.resolve(reply), (value) => ({ ...value, provider: "OpenAI" }))
        : reply
    },
    { keys: [openrouterKey], models, strictModels: true },
  )
}
