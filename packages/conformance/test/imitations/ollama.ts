import type { Mock } from "@nexhina/mock"
import { ChatCompletionRequest, EmbeddingRequest } from "@nexhina/schemas"
import { type Asked, behind, changed, errorOf, json } from "./layer.ts"

/**
 * Ollama 0.12 with a chat model and an embedding model, at `/v1`. It asks for no key and has no `/responses` yet.
 * Sources in ollama/ollama: `docs/openai.md` (the members that it knows; it reads no others), `openai/openai.go`
 * (NewError, fp_ollama, the numbers of its ids) and `middleware/openai.go`; gin answers paths that do not exist.
 */
const models = ["llama3.2:latest", "nomic-embed-text:latest"]

/** The members of ChatCompletionRequest in `openai.go`. */
const known = [
  "model",
  "messages",
  "stream",
  "stream_options",
  "max_tokens",
  "seed",
  "stop",
  "temperature",
  "frequency_penalty",
  "presence_penalty",
  "top_p",
  "response_format",
  "tools",
]

const types: Readonly<Record<number, string>> = { 400: "invalid_request_error", 404: "not_found_error" }
const error = (status: number, message: string) =>
  json(status, { error: { message, type: types[status] ?? "api_error", param: null, code: null } })

const noSuchPage = {
  status: 404,
  headers: [["content-type", "text/plain"]],
  body: "404 page not found",
  end: "complete",
} as const

/** What Go says of a value that it cannot unmarshal. */
function unreadable({ body, path }: Asked): string | undefined {
  const schema = path === "/embeddings" ? EmbeddingRequest : ChatCompletionRequest
  const issue = schema
    .safeParse(body)
    .error?.issues.find(
      ({ code, path: [name] }) =>
        code !== "too_big" &&
        code !== "too_small" &&
        (path === "/embeddings" || known.includes(String(name))),
    )
  return (
    issue && `json: cannot unmarshal value into Go struct field ChatCompletionRequest.${issue.path.join(".")}`
  )
}

/** Creates the imitation. */
export function ollama(): Mock {
  let replies = 1
  return behind(
    async (asked, answer) => {
      const { method, path, body, isJson } = asked
      const isList = path === "/models" && method === "GET"
      if (isList) {
        const data = models.map((id) => ({ id, object: "model", created: 1754000000, owned_by: "library" }))
        return json(200, { object: "list", data })
      }
      const [, id] = /^\/models\/(.+)$/.exec(path) ?? []
      if (id !== undefined && method === "GET") {
        const name = decodeURIComponent(id)
        return models.includes(name)
          ? json(200, { id: name, object: "model", created: 1754000000, owned_by: "library" })
          : error(404, `model '${name}' not found`)
      }
      if (method !== "POST" || !["/chat/completions", "/embeddings"].includes(path)) return noSuchPage
      if (!isJson) return error(400, "unexpected EOF")
      const why = unreadable(asked)
      if (why) return error(400, why)
      if (!models.includes(String(body["model"]))) return error(404, `model '${body["model"]}' not found`)
      const taken =
        path === "/embeddings"
          ? body
          : Object.fromEntries(Object.entries(body).filter(([name]) => known.includes(name)))
      const reply = await answer(taken)
      const message = errorOf(reply)
      if (message !== undefined) return error(reply.status, message)
      if (path === "/embeddings") return reply
      // `rand.Intn(999)`, here of a generator that repeats.
      replies = (replies * 75) % 65537
      return changed(Promise.resolve(reply), (value) => ({
        ...value,
        id: `chatcmpl-${replies % 999}`,
        system_fingerprint: "fp_ollama",
      }))
    },
    { keys: "none-needed", models, strictModels: true },
  )
}
