import type { OperationId } from "@nexhina/schemas"
import type { Evidence } from "../evidence.ts"
import { streamedChat } from "../probes/chat-streams.ts"
import { embeddingText } from "../probes/embeddings.ts"
import { streamedResponse } from "../probes/responses.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { namesMember } from "../reading/named.ts"
import { isOptionalMember } from "../requests/ask.ts"
import { rule, type Undecided } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { kindOfOperation } from "../target/models.ts"
import { view } from "../view.ts"
import { answersToValid, isSuccess } from "../views/http.ts"
import { isOutOfTokens, refusalOf } from "./refusals.ts"
import { type StreamOutcome, streamOutcomeOf } from "./stream-outcome.ts"

const since = "0.1.0"

/** A documented way to ask an operation: what is special about its request. */
interface Form {
  readonly operation: OperationId
  /** The form in words. */
  readonly says: string
  isOf(answered: ParsedReply): boolean
  /** Optional members without which it would be another form. */
  readonly members?: readonly string[]
}

const isString = (value: unknown): value is string => typeof value === "string"

const memberOf = ({ request }: ParsedReply, name: string): unknown =>
  isObject(request) ? request[name] : undefined

const isListOf = (value: unknown, is: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(is)

/** Members that requests of the kit have for the sake of cost, besides those that are required. */
const usualMembers = [
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "store",
  "size",
  "quality",
  "seconds",
  "encoding_format",
  "stream",
]

/** Returns whether a request has required and usual members only. A form that is not JSON has no others by default. */
function isBare({ operation, request }: ParsedReply): boolean {
  if (operation === undefined || !isObject(request)) return true
  return Object.keys(request).every(
    (name) => usualMembers.includes(name) || !isOptionalMember(operation, name),
  )
}

const isWhole = (answered: ParsedReply) => !answered.streaming && isBare(answered)

/** A plain request, of which one member has a form of its own. */
const withInput = (operation: OperationId, says: string, is: (input: unknown) => boolean): Form => ({
  operation,
  says,
  isOf: (answered) => isWhole(answered) && is(memberOf(answered, "input")),
})

const plain = (operation: OperationId): Form => ({ operation, says: "a plain request", isOf: isWhole })

/** Returns whether a chat has one message of the user, as one text. */
function isPlainChat(answered: ParsedReply): boolean {
  const messages = memberOf(answered, "messages")
  if (!Array.isArray(messages) || messages.length !== 1) return false
  const [message] = messages
  return isBare(answered) && isObject(message) && message["role"] === "user" && isString(message["content"])
}

const isPlainResponse = (answered: ParsedReply) => isBare(answered) && isString(memberOf(answered, "input"))

/** The plain input of a response is judged by resp.accepts-input-shapes. */
const plainForms: readonly Form[] = [
  {
    operation: "createChatCompletion",
    says: "one message of the user",
    isOf: (answered) => isWhole(answered) && isPlainChat(answered),
  },
  withInput("createEmbedding", "a text as input", isString),
  withInput("createModeration", "a text as input", isString),
  ...(
    [
      "createImage",
      "createSpeech",
      "createTranscription",
      "createTranslation",
      "createVideo",
      "createRerank",
    ] as const
  ).map(plain),
]

const isToken = (value: unknown) => typeof value === "number"

const documentedForms: readonly Form[] = [
  withInput("createEmbedding", "a list of texts as input", (input) => isListOf(input, isString)),
  withInput(
    "createEmbedding",
    "tokens as input",
    (input) => isListOf(input, isToken) || isListOf(input, (item) => isListOf(item, isToken)),
  ),
  withInput("createModeration", "a list of texts as input", (input) => isListOf(input, isString)),
]

/** The streamed forms, each with the plain request that is streamed. */
const streams = (
  [
    ["createChatCompletion", isPlainChat],
    ["createResponse", isPlainResponse],
  ] as const
).map(([operation, isPlain]): Form & { isPlain(answered: ParsedReply): boolean } => ({
  operation,
  says: "stream: true",
  members: ["stream"],
  isPlain,
  isOf: (answered) => answered.streaming && isPlain(answered),
}))

/** Statuses with which a server refuses what it was asked, as against who asks or when. */
const refusals: ReadonlySet<number> = new Set([400, 404, 405, 415, 422, 501])

/** What a server says of a failure. */
interface Said {
  readonly param?: unknown
  readonly message?: unknown
}

/**
 * Returns whether an error is about something else than the form: the model, or a member that the form does not need.
 */
function isAboutOther(answered: ParsedReply, { operation, members = [] }: Form, error: Said): boolean {
  if (isOutOfTokens(error)) return true
  const sent = isObject(answered.request) ? Object.keys(answered.request) : []
  const others = sent.filter((name) => isOptionalMember(operation, name) && !members.includes(name))
  return error.param === "model" || others.some((name) => namesMember(error, name))
}

/** Every form that may not be refused for ever. */
const allForms = [...plainForms, ...documentedForms, ...streams]

/** An answer to a valid request, by the forms that the request has. Does not hold the answer. */
interface FormAnswer {
  readonly operation: OperationId
  readonly status: number
  readonly isSuccess: boolean
  /** What its stream contains, if that shows whether the server can stream. */
  readonly stream: StreamOutcome | undefined
  /** The forms that the answer takes or refuses, in words. */
  readonly decides: readonly string[]
  /** Whether it is the plain request of a form that is streamed. */
  readonly isUnstreamed: boolean
  /** Its words of refusal. */
  readonly says: string
}

function formAnswerOf(exchange: Evidence): FormAnswer | undefined {
  const answered = answersToValid.of(exchange)
  if (answered?.operation === undefined) return undefined
  const { operation, status } = answered
  const refusal = refusalOf({ answered })
  const said = refusal ?? { param: "", message: answered.text ?? "" }
  const decides = (form: Form) =>
    form.operation === operation &&
    form.isOf(answered) &&
    (isSuccess(answered) || (refusals.has(status) && !isAboutOther(answered, form, said)))
  const own = streams.filter((form) => form.operation === operation)
  return {
    operation,
    status,
    isSuccess: isSuccess(answered),
    stream: streamOutcomeOf(exchange, (error) => own.some((form) => isAboutOther(answered, form, error))),
    decides: allForms.filter(decides).map(({ says }) => says),
    isUnstreamed: !answered.streaming && own.some((form) => form.isPlain(answered)),
    says: refusal?.says ?? String(status),
  }
}

/** What the rules read of an answer, except its texts and places. */
const alike = ({ says: _, stream, ...answer }: FormAnswer): string =>
  JSON.stringify({ ...answer, isReply: stream?.isReply })

/** A form of which every request was refused. */
interface RefusedForm {
  readonly form: Form
  /** The first answer, and its index. */
  readonly answer: FormAnswer
  readonly of: number
  /** Number of requests. */
  readonly times: number
}

/** Finds the forms of which every request was refused, on operations that answered other requests or refused them all. */
function alwaysRefused(
  answers: readonly FormAnswer[],
  forms: readonly Form[],
  { unproven }: TargetFacts,
  times: readonly number[],
): RefusedForm[] | Undecided {
  const asked = forms.flatMap((form) => {
    const kind = kindOfOperation(form.operation)
    if (kind !== undefined && unproven.has(kind)) return []
    const own = answers.flatMap((answer, of) => (answer.operation === form.operation ? [{ answer, of }] : []))
    const isOffered = own.some(({ answer }) => ![404, 405, 501].includes(answer.status))
    const decided = own.filter(({ answer }) => isOffered && answer.decides.includes(form.says))
    return decided.length > 0 ? [{ form, decided }] : []
  })
  if (asked.length === 0) return { undecided: "no request of such a form was taken or refused" }
  return asked.flatMap(({ form, decided }): RefusedForm[] => {
    const [first] = decided
    if (!first || decided.some(({ answer }) => answer.isSuccess)) return []
    return [{ form, ...first, times: decided.reduce((sum, { of }) => sum + (times[of] ?? 1), 0) }]
  })
}

const refusedFault = ({ form, answer, of, times }: RefusedForm) =>
  ({
    fault: "refused",
    of,
    at: { part: "status" },
    expected: `${form.says}: taken`,
    actual: `${answer.says} (all ${times} requests of this form were refused)`,
  }) as const

/** Minimum number of failed streams from which the rule concludes that streams always fail (chosen). */
const minFailures = 3

/** Finds the operations whose streams all contain only errors. */
function alwaysFailed(answers: readonly FormAnswer[], forms: readonly Form[], times: readonly number[]) {
  return forms.flatMap(({ operation, says }) => {
    const own = answers.flatMap((answer, of) =>
      answer.operation === operation && answer.stream ? [{ stream: answer.stream, of }] : [],
    )
    const failures = own.flatMap(({ stream, of }) => (stream.isReply ? [] : [{ ...stream, of }]))
    const [first] = failures
    const count = failures.reduce((sum, { of }) => sum + (times[of] ?? 1), 0)
    if (!first || failures.length < own.length || count < minFailures) return []
    const { says: error, at, of } = first
    const actual = `${error} (all ${count} streams contain only an error)`
    return [{ fault: "failed", of, at, expected: `${says}: a reply`, actual } as const]
  })
}

/** Judges whether the forms are taken. */
function takenForms(...given: Parameters<typeof alwaysRefused>) {
  const found = alwaysRefused(...given)
  return "undecided" in found ? found : found.map(refusedFault)
}

/** Replies to valid requests, of which the forms may not be refused for ever. */
const answersByForm = view<FormAnswer>({
  ...answersToValid,
  id: "http.forms",
  says: "responses to valid requests, by the form of the request",
  of: formAnswerOf,
})

/** Where nothing but chats and responses is offered, there are no such forms. */
const answersByOtherForm = view<FormAnswer>({
  ...answersByForm,
  id: "http.other-forms",
  says: "responses to inputs in lists and tokens",
  occasional: true,
  of(exchange) {
    const answered = answersToValid.of(exchange)
    const isOne = ({ operation, isOf }: Form) => operation === answered?.operation && isOf(answered)
    return answered && documentedForms.some(isOne) ? answersByForm.of(exchange) : undefined
  },
})

const answersOfStreamed = view<FormAnswer>({
  ...answersByForm,
  id: "streams.forms",
  says: "responses to valid requests for chats and responses",
  surface: "streams",
  probes: [streamedChat, streamedResponse],
  of(exchange) {
    const answer = answersByForm.of(exchange)
    return streams.some(({ operation }) => operation === answer?.operation) ? answer : undefined
  },
})

const faults = { refused: "every request in a documented form is refused" } as const

export const formRules = [
  rule({
    id: "http.accepts-plain-form",
    since,
    says: "MUST accept the plain form of each endpoint that it offers: the required parameters, an input as one text",
    severity: "MUST",
    source: "The request bodies of every endpoint page",
    see: [
      "https://github.com/cubist38/mlx-openai-server/issues/73",
      "https://github.com/michaelfeil/infinity/issues/98",
      "https://github.com/theroyallab/tabbyAPI/issues/245",
    ],
    on: answersByForm,
    scope: "run",
    faults,
    // The other plain requests are sent in every run.
    asks: (known) => (known.included.has("embeddings") ? embeddingText.asks(known) : []),
    alike,
    holds: (answers, known, times) => takenForms(answers, plainForms, known, times),
  }),

  rule({
    id: "http.accepts-documented-form",
    since,
    says: "SHOULD accept the other forms of `input` that OpenAI documents: lists of texts, and tokens for embeddings",
    severity: "SHOULD",
    source: "OpenAI API reference: create embeddings, create moderation, input",
    see: [
      "https://github.com/michaelfeil/infinity/issues/36",
      "https://github.com/lm-sys/FastChat/pull/1300",
      "https://github.com/danny-avila/rag_api/issues/104",
    ],
    on: answersByOtherForm,
    scope: "run",
    faults,
    alike,
    holds: (answers, known, times) => takenForms(answers, documentedForms, known, times),
  }),

  rule({
    id: "stream.is-accepted",
    since,
    says: "MUST accept `stream: true` on chat completions and responses",
    severity: "MUST",
    source: "Streaming Output Guide: Chat and Responses support streaming output",
    see: [
      "https://github.com/langgenius/dify/issues/8615",
      "https://github.com/RooCodeInc/Roo-Code/issues/274",
      "https://github.com/stulzq/azure-openai-proxy/issues/63",
      "https://github.com/llm-d/llm-d-inference-sim/pull/598",
    ],
    on: answersOfStreamed,
    scope: "run",
    faults: { ...faults, failed: "every stream contains only an error" },
    alike,
    holds(answers, known, times) {
      // Where the same is refused as a whole reply too, it is not for the stream.
      const taken = streams.filter(({ operation }) =>
        answers.some((answer) => answer.operation === operation && answer.isUnstreamed && answer.isSuccess),
      )
      const refused = takenForms(answers, taken, known, times)
      const failed = alwaysFailed(answers, taken, times)
      if ("undecided" in refused) return failed.length > 0 ? failed : refused
      return [...refused, ...failed]
    },
  }),
] as const
