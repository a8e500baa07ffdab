import { type Header, headerOf, type Reply, type Situation } from "@nexhina/wire"
import { acceptedChat } from "./accepted.ts"
import { type Defect, onErrors, onWire, type Variant, type Where } from "./defect.ts"
import { isAnswer, refusal } from "./http.ts"

const authorizationOf = ({ ask }: Situation) => headerOf(ask.headers, "authorization")

const isRefusal = ({ status }: Reply) => status === 401

/** Answers to requests with an invalid key. */
const isWrongKey: Where = (reply, situation) => isRefusal(reply) && authorizationOf(situation) !== undefined

/** Changes answers to chat requests with an invalid key. */
const onWrongKey = (change: (reply: Reply, situation: Situation) => Partial<Reply>, wider?: Where) =>
  onWire(
    (reply, situation) => situation.operationId === "createChatCompletion" && isWrongKey(reply, situation),
    change,
    wider,
  )

const isMissingKey = (reply: Reply, situation: Situation) =>
  isRefusal(reply) && authorizationOf(situation) === undefined

const openList = JSON.stringify({
  object: "list",
  data: [{ id: "gpt-4o", object: "model", created: 1713833628, owned_by: "nexhina" }],
})

const isModelsAsked = (reply: Reply, situation: Situation) =>
  isMissingKey(reply, situation) && situation.operationId === "listModels"

const keyOf = (situation: Situation) => authorizationOf(situation)?.replace(/^Bearer /, "") ?? ""

export const authDefects: readonly Defect[] = [
  {
    id: "auth-any-key",
    says: "any API key is accepted",
    breaks: "auth.bad-key",
    fault: "accepted",
    also: [],
    seen: ["Authentication: a wrong key is a cause of 401"],
    ...onWrongKey(acceptedChat),
  },
  {
    id: "auth-wrong-key-400",
    says: "a wrong API key is answered with 400",
    breaks: "auth.bad-key",
    fault: "other-status",
    also: ["err.code-fits-status"],
    seen: ["Authentication: failure is HTTP 401"],
    ...onWrongKey(() => ({ status: 400 }), isWrongKey),
  },
  {
    id: "auth-wrong-key-403",
    says: "a wrong API key is answered with 403",
    breaks: "auth.bad-key-401",
    fault: "forbidden",
    also: [],
    seen: ["Authentication: failure is HTTP 401"],
    ...onWrongKey(() => ({ status: 403 }), isWrongKey),
  },
  {
    id: "auth-models-open",
    says: "the models are listed without an API key, although all other endpoints require one",
    breaks: "auth.missing-key-models",
    fault: "accepted",
    also: [],
    seen: ["Authentication: required on all interfaces"],
    ...onWire(isModelsAsked, () => ({ status: 200, body: openList })),
  },
  {
    id: "auth-chat-open",
    says: "a chat without an API key is answered, although a wrong key is refused",
    breaks: "auth.missing-key",
    fault: "accepted",
    also: [],
    seen: ["Authentication: required on all interfaces"],
    ...onWire(
      (reply, situation) =>
        isMissingKey(reply, situation) && situation.operationId === "createChatCompletion",
      acceptedChat,
    ),
  },
  {
    id: "auth-missing-key-400",
    says: "a missing API key is answered with 400",
    breaks: "auth.missing-key",
    fault: "other-status",
    also: ["err.code-fits-status"],
    seen: ["Authentication: failure is HTTP 401"],
    ...onWire(isMissingKey, () => ({ status: 400 })),
  },
  {
    id: "auth-missing-key-403",
    says: "a missing API key is answered with 403, as some web frameworks do",
    breaks: "auth.missing-key-401",
    fault: "forbidden",
    also: [],
    seen: ["Authentication: failure is HTTP 401"],
    ...onWire(isMissingKey, () => ({ status: 403 })),
  },
  {
    id: "auth-key-in-header",
    says: "the response headers repeat the request's authorization header",
    breaks: "auth.key-not-echoed",
    fault: "header",
    also: [],
    seen: ["RFC 6750, section 5.3"],
    ...onWire(
      () => true,
      ({ headers }, situation) => {
        const authorization = authorizationOf(situation)
        const echo: Header[] =
          authorization === undefined ? [] : [["x-forwarded-authorization", authorization]]
        return { headers: [...headers, ...echo] }
      },
    ),
  },
  {
    id: "auth-key-in-message",
    says: "the error message contains the wrong API key in full",
    breaks: "auth.key-not-echoed",
    fault: "body",
    also: [],
    seen: ["RFC 6750, section 5.3"],
    ...onErrors(({ error }, situation) => ({
      error:
        error.code === "invalid_api_key"
          ? { ...error, message: `${error.message}: ${keyOf(situation)}.` }
          : error,
    })),
  },
]

const masked = (key: string) => `${key.slice(0, 5)}${"*".repeat(8)}${key.slice(-4)}`

const noAccess = JSON.stringify({
  error: {
    message: "The key has no access to this model.",
    type: "permission_error",
    param: null,
    code: null,
  },
})

export const authVariants: readonly Variant[] = [
  {
    id: "auth-models-public",
    says: "the models are listed without an API key, as llama.cpp and OpenRouter do",
    notes: [],
    seen: [
      "llama.cpp, tools/server: public_endpoints",
      "OpenRouter API reference: list available models needs no key",
    ],
    trait: "public-models",
    ...onWire(isModelsAsked, () => ({ status: 200, body: openList })),
  },
  {
    id: "auth-no-access",
    says: "the API key has no access to one of the endpoints (403)",
    notes: [],
    seen: ["OpenAI API reference: error codes, 403", "RFC 9110, section 15.5.4"],
    ...onWire(
      (_, { operationId }) => operationId === "createEmbedding",
      (reply) => refusal(reply, 403, noAccess),
      isAnswer,
    ),
  },
  {
    id: "auth-key-masked",
    says: "the error message contains the wrong API key in masked form, and the error has a param",
    notes: [],
    seen: ["OpenAI API reference: error codes, 401"],
    ...onErrors(({ error }, situation) => ({
      error:
        error.code === "invalid_api_key"
          ? { ...error, message: `${error.message}: ${masked(keyOf(situation))}.`, param: null }
          : error,
    })),
  },
  {
    id: "auth-403",
    says: "wrong API keys are answered with 403",
    notes: ["auth.bad-key-401", "auth.missing-key-401"],
    seen: ["RFC 9110, section 15.5.4"],
    ...onWire(isRefusal, () => ({ status: 403 })),
  },
]
