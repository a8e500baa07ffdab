import { endpoints, type Model } from "@nexhina/schemas"
import * as fc from "fast-check"
import { isObject } from "../reading/answered.ts"
import { schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { type Fault, rule } from "../rule.ts"
import type { Step } from "../target/step.ts"
import { encodedSegment } from "../target/to-wire.ts"
import { errorOf } from "../views/errors.ts"
import { isSuccess } from "../views/http.ts"
import {
  type ModelAnswer,
  modelAnswers,
  modelLists,
  modelReplies,
  modelUses,
  slashedAnswers,
} from "../views/models.ts"
import { envelopeFaults } from "./errors.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const reference = "OpenAI API reference: the model object"

/** A fault of one of several answers. */
type FaultOf<Name extends string> = Fault<Name> & { readonly of: number }

const bodyAt = (pointer: string) => ({ part: "body", pointer }) as const
const atStatus = { part: "status" } as const

const list: Step = { operation: "listModels" }
const retrieve = (id: string): Step => ({ operation: "retrieveModel", params: { model: id } })

/** Members that servers of local models leave out: models.schema-full speaks of them. */
const optional: ReadonlySet<PropertyKey> = new Set(["created", "owned_by"])

/** No model was made so late in seconds, and all of them in milliseconds. */
const year5000 = 1e11

/** Members that say something about a model; the rest of an object may be made for each request. */
const documented = ["object", "created", "owned_by"] as const satisfies readonly (keyof Model)[]

const retrieveUnknown: Step = {
  ...retrieve("no-such-model"),
  fault: { kind: "unknown-model", param: "model", says: "the model does not exist" },
}

/** How servers say that they do not know a model, where they give no code. */
const unknownWords =
  /(?:model|deployment)\b.{0,120}\b(?:not found|not exist|unknown)|(?:unknown|no such|invalid) model/is

/** Whether one model is shown. */
const isShown = ({ answered, id }: ModelAnswer) => id !== undefined && isSuccess(answered)
const memberOf = ({ answered: { json } }: ModelAnswer, name: keyof Model): unknown =>
  json.ok && isObject(json.value) ? json.value[name] : undefined

function listedIn({ answered: { exchange } }: ModelAnswer): readonly Model[] {
  return modelLists.of(exchange) ?? []
}

export const modelRules = [
  rule({
    id: "models.schema",
    since,
    says: 'MUST list models as `object: "list"` and `data`, each model with `id` and `object: "model"`',
    severity: "MUST",
    source: `${reference}; Quick to use: data[].id`,
    on: modelReplies,
    faults: {
      missing: "a member is missing",
      "wrong-value": "a member has a value that is not documented",
    },
    holds({ operation, json }) {
      if (!json.ok || (operation !== "listModels" && operation !== "retrieveModel")) return []
      const { schema } = endpoints[operation].success.content["application/json"]
      return firstOfEach(
        schemaFaults(schema, json.value).filter(({ path }) => !optional.has(path.at(-1) ?? "")),
      )
    },
  }),

  rule({
    id: "models.schema-full",
    since,
    says: "SHOULD include `created` (Unix seconds) and `owned_by` for each model",
    severity: "SHOULD",
    source: reference,
    see: [
      "https://github.com/GradientHQ/parallax/pull/440",
      "https://github.com/webai-at-home/webai-at-home/issues/208",
    ],
    on: modelReplies,
    after: ["models.schema"],
    faults: {
      "no-created": "a model has no integer `created`",
      milliseconds: "`created` is in milliseconds",
      "no-owner": "a model has no string `owned_by`",
    },
    holds({ operation, json }) {
      const body = json.ok && isObject(json.value) ? json.value : {}
      const listed: unknown = operation === "listModels" ? body["data"] : [body]
      const faults = (Array.isArray(listed) ? listed : []).flatMap((model: unknown, index) => {
        const { created, owned_by: owner } = isObject(model) ? model : {}
        const at = (member: keyof Model) =>
          bodyAt(operation === "listModels" ? `/data/${index}/${member}` : `/${member}`)
        const faults: Fault<"no-created" | "milliseconds" | "no-owner">[] = []
        if (!Number.isInteger(created))
          faults.push({
            fault: "no-created",
            at: at("created"),
            expected: "an integer",
            actual: shown(created),
          })
        else if (Number(created) > year5000)
          faults.push({
            fault: "milliseconds",
            at: at("created"),
            expected: "seconds",
            actual: shown(created),
          })
        if (typeof owner !== "string")
          faults.push({ fault: "no-owner", at: at("owned_by"), expected: "a string", actual: shown(owner) })
        return faults
      })
      return firstOfEach(faults)
    },
  }),

  rule({
    id: "models.id-unique",
    since,
    says: "MUST list each model id once",
    severity: "MUST",
    source: `${reference}; Quick to use: data[].id is the value for model`,
    on: modelLists,
    faults: { repeated: "an id is listed twice" },
    holds(models) {
      const seen = new Set<string>()
      const at = models.findIndex(({ id }) => seen.size === seen.add(id).size)
      const id = models[at]?.id
      if (id === undefined) return []
      return [
        {
          fault: "repeated",
          at: bodyAt(`/data/${at}/id`),
          expected: "a different id for each model",
          actual: shown(id),
        },
      ]
    },
  }),

  rule({
    id: "models.retrieve-listed",
    since,
    says: "MUST return every listed model at `/models/{id}`, with the id percent-encoded",
    severity: "MUST",
    source: "OpenAI API reference: retrieve model; RFC 3986, section 2.1",
    see: ["https://github.com/BerriAI/litellm/issues/37271", "https://github.com/ollama/ollama/issues/10139"],
    scope: "group",
    on: modelAnswers,
    faults: {
      refused: "one listed model is refused although another is returned",
      "other-id": "the returned model has a different id",
    },
    asks: ({ listed }) => {
      const ids = [...new Set(listed)]
      return fc
        .shuffledSubarray(ids, { minLength: Math.min(2, ids.length), maxLength: Math.min(4, ids.length) })
        .map((some) => some.map(retrieve))
    },
    holds(answers) {
      if (!answers.some(isShown)) return { undecided: "the target shows no single model" }
      return answers.flatMap((answer, of): FaultOf<"refused" | "other-id">[] => {
        const { status } = answer.answered
        if (status >= 400 && status < 500)
          return [{ of, fault: "refused", at: atStatus, expected: "200", actual: String(status) }]
        const id = memberOf(answer, "id")
        if (!isShown(answer) || id === answer.id) return []
        return [{ of, fault: "other-id", at: bodyAt("/id"), expected: shown(answer.id), actual: shown(id) }]
      })
    },
  }),

  rule({
    id: "models.retrieve-raw-slash",
    since,
    says: "SHOULD also return a model whose id contains a slash when the slash is not percent-encoded",
    severity: "SHOULD",
    source: "OpenAI API reference: retrieve model; RFC 3986, section 3.3",
    see: ["https://github.com/BerriAI/litellm/issues/37271", "https://github.com/ollama/ollama/issues/10139"],
    scope: "group",
    on: slashedAnswers,
    faults: {
      refused: "the model is returned for the percent-encoded path, but not for the path with a slash",
      "other-id": "the returned model has a different id",
    },
    asks: ({ listed }) =>
      [...new Set(listed)]
        .filter((id) => id.includes("/"))
        .slice(0, 3)
        .flatMap((id) => [
          retrieve(id),
          { ...retrieve(id), path: `/models/${id.split("/").map(encodedSegment).join("/")}` },
        ]),
    holds(answers) {
      const shownIds = new Set(
        answers.flatMap((answer) => (!answer.isRaw && isShown(answer) ? [answer.id] : [])),
      )
      if (shownIds.size === 0) return { undecided: "no such model is shown percent-encoded either" }
      return answers.flatMap((answer, of): FaultOf<"refused" | "other-id">[] => {
        if (!answer.isRaw || !shownIds.has(answer.id)) return []
        const { status } = answer.answered
        if (!isShown(answer))
          return [{ of, fault: "refused", at: atStatus, expected: "200", actual: String(status) }]
        const id = memberOf(answer, "id")
        if (id === answer.id) return []
        return [{ of, fault: "other-id", at: bodyAt("/id"), expected: shown(answer.id), actual: shown(id) }]
      })
    },
  }),

  rule({
    id: "models.retrieve-equal",
    since,
    says: "SHOULD return a model with the same members as in the list",
    severity: "SHOULD",
    source: "OpenAI API reference: retrieve model",
    see: ["https://github.com/BerriAI/litellm/issues/37271"],
    scope: "group",
    on: modelAnswers,
    faults: { differs: "a member has a different value than in the list" },
    // The list three times: what changes from one to the next, such as the time of a request, does not count. Two in a
    // row meet both of two servers that take turns behind a gateway.
    asks: ({ listed }) => [
      list,
      list,
      ...[...new Set([...listed.slice(0, 1), ...listed.slice(-1)])].map(retrieve),
      list,
    ],
    holds(answers) {
      const [listed = [], ...controls] = answers.flatMap((answer) =>
        answer.id === undefined ? [listedIn(answer)] : [],
      )
      if (controls.length === 0) return { undecided: "takes the list more than once" }
      const pairs = answers.flatMap((answer, of) => {
        const model = listed.find(({ id }) => id === answer.id)
        const again = controls.map((each) => each.find(({ id }) => id === answer.id))
        return model && isShown(answer) ? [{ of, model, again, answer }] : []
      })
      if (pairs.length === 0) return { undecided: "the target shows no model of its list" }
      return pairs.flatMap(({ of, model, again, answer }): FaultOf<"differs">[] => {
        const name = documented.find(
          (name) =>
            memberOf(answer, name) !== model[name] && again.every((each) => each?.[name] === model[name]),
        )
        if (name === undefined) return []
        const actual = shown(memberOf(answer, name))
        return [{ of, fault: "differs", at: bodyAt(`/${name}`), expected: shown(model[name]), actual }]
      })
    },
  }),

  rule({
    id: "models.unknown-404",
    since,
    says: "MUST answer `/models/{id}` for an unknown model with 404 and an error object",
    severity: "MUST",
    source: "OpenAI API reference: retrieve model, error codes",
    scope: "group",
    on: modelAnswers,
    faults: {
      accepted: "the request is answered with a success status",
      "other-status": "the request is rejected with a different status",
      "no-envelope": "the body is not an error object",
    },
    asks: ({ listed: [known] }) => (known === undefined ? [] : [retrieve(known), retrieveUnknown]),
    holds(answers) {
      if (!answers.some((answer) => isShown(answer) && !answer.answered.exchange.fault.value))
        return { undecided: "the target shows no single model" }
      const of = answers.findIndex(({ answered }) => answered.exchange.fault.value)
      const answered = answers[of]?.answered
      if (!answered) return { undecided: "the request for an unknown model was not answered" }
      if (answered.status === 404)
        return envelopeFaults(answered)
          .slice(0, 1)
          .map((fault) => ({ ...fault, of, fault: "no-envelope" }))
      const fault = isSuccess(answered) ? "accepted" : "other-status"
      return [{ of, fault, at: atStatus, expected: "404", actual: String(answered.status) }]
    },
  }),

  rule({
    id: "models.listed-usable",
    since,
    says: "SHOULD accept a listed model in requests",
    severity: "SHOULD",
    source: "Quick to use: data[].id is the value for model",
    see: ["https://github.com/decolua/9router/issues/1512"],
    on: modelUses,
    faults: { refused: "the model is refused as unknown" },
    holds({ answered, model }, { listed }) {
      if (!listed.includes(model)) return { undecided: "the model that was asked is not listed" }
      const { code, message } = errorOf(answered) ?? {}
      const isUnknown =
        code === "model_not_found" || (typeof message === "string" && unknownWords.test(message))
      if (answered.status < 400 || answered.status >= 500 || !isUnknown) return []
      return [
        {
          fault: "refused",
          at: atStatus,
          expected: "an answer",
          actual: `${answered.status} ${shown(message)}`,
        },
      ]
    },
  }),
] as const
