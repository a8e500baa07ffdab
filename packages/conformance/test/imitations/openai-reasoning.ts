import type { Mock } from "@nexhina/mock"
import { type Asked, behind, changed, json, type Layer, modelsIn } from "./layer.ts"

/**
 * OpenAI with a project that may use reasoning models only.
 * Sources: platform.openai.com/docs/guides/reasoning ("Controlling costs"); its errors as users quote them:
 * ITSpecialist111/ai_automation_suggester#38 (max_tokens), griptape-ai/griptape#1915 (temperature, stop),
 * aandrew-me/tgpt#333 (top_p). That the limit left no room for an answer is a 400 in its words.
 */
const listed = [
  "babbage-002",
  "gpt-3.5-turbo-instruct",
  "o3-mini-2025-01-31",
  "o3",
  "text-embedding-3-small",
  "omni-moderation-latest",
]
export const openaiKey = "sk-key-of-imitation"
const reasoning = /^o\d/

const error = (status: number, message: string, param: string | null, code: string | null) =>
  json(status, { error: { message, type: "invalid_request_error", param, code } })

const unsupported = [
  "temperature",
  "top_p",
  "presence_penalty",
  "frequency_penalty",
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "stop",
]

/** Tokens that a model spends on thoughts before it says a word. */
const thoughts = 192

function refusal({ path, body }: Asked) {
  const model = String(body["model"])
  if (path !== "/chat/completions" && path !== "/responses") return undefined
  if (!listed.includes(model)) return undefined
  if (!reasoning.test(model)) {
    return path === "/responses"
      ? undefined
      : error(
          404,
          "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?",
          "model",
          null,
        )
  }
  if (path === "/chat/completions" && "max_tokens" in body) {
    return error(
      400,
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      "max_tokens",
      "unsupported_parameter",
    )
  }
  const name = unsupported.find((name) => body[name] !== undefined && body[name] !== null && body[name] !== 1)
  if (name === "temperature") {
    return error(
      400,
      `Unsupported value: 'temperature' does not support ${body["temperature"]} with this model. Only the default (1) value is supported.`,
      name,
      "unsupported_value",
    )
  }
  if (name)
    return error(
      400,
      `Unsupported parameter: '${name}' is not supported with this model.`,
      name,
      "unsupported_parameter",
    )
  const limit = body["max_completion_tokens"]
  if (typeof limit === "number" && limit > 0 && limit < thoughts) {
    return error(
      400,
      "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.",
      null,
      null,
    )
  }
  return undefined
}

/** Creates the imitation. */
export function openaiReasoning(): Mock {
  let requests = 0
  return behind(
    async (asked, answer) => {
      const reply = await replyTo(asked, answer)
      return { ...reply, headers: [...reply.headers, ["x-request-id", `req_${++requests}`]] }
    },
    { keys: [openaiKey], models: listed, strictModels: true },
  )
}

const replyTo: Layer = async (asked, answer) => {
  if (asked.path === "/models") {
    return changed(answer(), (list) => ({
      ...list,
      data: modelsIn(list).filter(({ id }) => listed.includes(id)),
    }))
  }
  return (asked.key === openaiKey && refusal(asked)) || answer()
}
