import { endpoints } from "@nexhina/schemas"
import type { Evidence } from "../evidence.ts"
import { answeredOf, isObject } from "../reading/answered.ts"
import { namesMember } from "../reading/named.ts"
import { isOptionalMember } from "../requests/ask.ts"
import type { Step } from "./step.ts"
import { contractBreach } from "./to-wire.ts"

/** A step as the target takes it. */
interface AdaptedStep {
  readonly step: Step
  /** Members that were left out or renamed because the target refuses them, each with the status of the refusal. */
  readonly refused: ReadonlyMap<string, number>
}

/** What a run learned of how a target wants to be asked, and how it asks since. */
export interface Adaptation {
  /** Returns a step as the target takes it, as far as is known. */
  adapted(step: Step): AdaptedStep
  /** Learns from a reply to a step as it was sent; returns whether the step would now be asked in another way. */
  learn(sent: Step, exchange: Evidence): boolean
  /** What was learned, in sentences. */
  readonly learned: readonly string[]
}

/**
 * Members that a request can do without and mean the same task. A target that refuses one of them by name is asked
 * without it. Whatever a rule is about, such as tools or a response format, is not among them.
 */
const dispensable: readonly string[] = [
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "temperature",
  "top_p",
  "presence_penalty",
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "n",
  "stop",
  "seed",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "metadata",
  "store",
  "service_tier",
  "reasoning_effort",
  "verbosity",
  "modalities",
  "prediction",
  "parallel_tool_calls",
  "stream_options",
  "truncation",
  "dimensions",
  "encoding_format",
  "size",
  "quality",
  "background",
  "moderation",
  "style",
  "speed",
  "instructions",
  "language",
  "return_documents",
]

/** The other name of a limit, for targets that know only one of the two. */
const otherName: Readonly<Record<string, string>> = {
  max_tokens: "max_completion_tokens",
  max_completion_tokens: "max_tokens",
}

/** Members that mean nothing, or are refused, without another one. */
const companions: Readonly<Record<string, readonly string[]>> = { logprobs: ["top_logprobs"] }

const limits = ["max_tokens", "max_completion_tokens", "max_output_tokens"] as const

/** How servers say that they do not take a member at all, as against one of its values. */
const notTaken =
  /unsupported|not (?:yet |currently )?(?:support|allow|permit|accept|available|implement|compatible)|n't support|incompatible|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs|fields)|only the default/i
const notTakenCodes: ReadonlySet<unknown> = new Set([
  "unsupported_parameter",
  "unsupported_value",
  "unknown_parameter",
])

/** How OpenAI's reasoning models say that the limit left nothing for an answer. */
const limitTooSmall =
  /could not finish the message because max_tokens or model output limit was reached|max_output_tokens.{0,40}too (?:small|low)/i
/** Returns whether an error's message means that the limit of tokens was too small for any answer. */
export const saysLimitTooSmall = (message: unknown): boolean => limitTooSmall.test(textOf(message))

const leastRaisedLimit = 256
/** More than any model needs before it says a word (chosen). */
const mostRaisedLimit = 8192

/** How servers that read only forms refuse JSON, besides 415 and 422: what they look for is missing. */
const wantsForm = /multipart|form-data|field required/i

type Body = Readonly<Record<string, unknown>>

/** What is known of one operation of one model. */
interface Manners {
  /** Members that are refused, each with the status of the refusal. */
  readonly refused: Map<string, number>
  /** Members of requests that were answered with 2xx. */
  readonly accepted: Set<string>
  /** Members of requests that were refused without the blame on one of them. */
  readonly doubted: Set<string>
  /** The smallest limit of tokens that leaves room for an answer. */
  leastLimit: number
  asForm: boolean
}

const strange = (): Manners => ({
  refused: new Map(),
  accepted: new Set(),
  doubted: new Set(),
  leastLimit: 0,
  asForm: false,
})

const errorIn = (exchange: Evidence): Body => {
  const json = answeredOf(exchange)?.json
  const value = json?.ok && isObject(json.value) ? json.value : {}
  return isObject(value["error"]) ? value["error"] : value
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

/** Returns the member of a body that an error says is not taken; the one that the message names first, if several. */
function refusedMember({ operation, body }: Step, error: Body): string | undefined {
  if (!isObject(body)) return undefined
  const { param, code } = error
  const message = textOf(error["message"])
  if (!notTakenCodes.has(code) && !notTaken.test(message)) return undefined
  const candidates = dispensable.filter((name) => name in body && isOptionalMember(operation, name))
  const blamed = candidates.find((name) => typeof param === "string" && namesMember({ param }, name))
  if (blamed !== undefined) return blamed
  const [first] = candidates
    .filter((name) => namesMember({ message }, name))
    .toSorted((a, b) => message.search(new RegExp(`\\b${a}\\b`)) - message.search(new RegExp(`\\b${b}\\b`)))
  return first
}

/** Returns the body with its refused members renamed or left out. */
function without(body: Body, { refused }: Manners, spared: string | undefined): Body {
  const changed: Record<string, unknown> = { ...body }
  for (const name of refused.keys()) {
    if (!(name in changed) || name === spared) continue
    const other = otherName[name]
    if (other !== undefined && !refused.has(other) && !(other in changed)) changed[other] = changed[name]
    for (const left of [name, ...(companions[name] ?? [])]) if (left !== spared) delete changed[left]
  }
  return changed
}

/** Returns the body with limits of tokens that leave room for an answer. */
function roomier(body: Body, { leastLimit }: Manners): Body {
  const raised = limits.filter((name) => typeof body[name] === "number" && body[name] < leastLimit)
  return raised.length === 0
    ? body
    : { ...body, ...Object.fromEntries(raised.map((name) => [name, leastLimit])) }
}

/** Returns a body spoilt on purpose with only members that the target is known to take, if it is spoilt all the same. */
function barer(step: Step, body: Body, { accepted, doubted }: Manners, spared: string | undefined): Body {
  const kept = Object.entries(body).filter(
    ([name]) =>
      name === spared || !doubted.has(name) || accepted.has(name) || !isOptionalMember(step.operation, name),
  )
  return Object.fromEntries(kept)
}

/** Returns whether a body that is wrong on purpose breaks the contract, or asks for a model that does not exist. */
const isSpoilt = ({ operation, fault }: Step, body: Body): boolean =>
  fault?.kind === "unknown-model" || contractBreach({ operation, body }) !== undefined

const rootOf = (path: string | undefined) => path?.split(/[.[]/, 1)[0]

/** Creates an adaptation that knows nothing yet. */
export function createAdaptation(): Adaptation {
  const known = new Map<string, Manners>()
  /** By operation: the manners of the model that was asked last. */
  const latest = new Map<Step["operation"], Manners>()
  const learned: string[] = []
  const mannersOf = ({ operation, body, fault }: Step): Manners => {
    // A body that is spoilt may name no model, or one that does not exist.
    if (fault) return latest.get(operation) ?? strange()
    const key = `${operation} ${isObject(body) ? textOf(body["model"]) : ""}`
    const manners = known.get(key) ?? strange()
    known.set(key, manners)
    latest.set(operation, manners)
    return manners
  }
  const tell = (operation: Step["operation"], sentence: string) => {
    const { method, path } = endpoints[operation]
    learned.push(`${method} ${path}: ${sentence}`)
  }
  return {
    learned,
    adapted: (step) => adaptedBy(mannersOf(step), step),
    learn(sent, exchange) {
      const { response } = exchange
      if (!response || sent.fault || sent.key || sent.rawBody !== undefined || !isObject(sent.body))
        return false
      const manners = mannersOf(sent)
      if (response.status >= 200 && response.status < 300) {
        for (const name of Object.keys(sent.body)) manners.accepted.add(name)
        const sentence = isAllThought(sent.body, exchange) ? raised(manners, sent.body) : undefined
        if (sentence !== undefined) tell(sent.operation, sentence)
        return sentence !== undefined
      }
      const sentence = lessonOf(manners, sent, exchange)
      if (sentence !== undefined) tell(sent.operation, sentence)
      return sentence !== undefined
    },
  }
}

const isPlain = ({ refused, doubted, leastLimit, asForm }: Manners) =>
  refused.size === 0 && doubted.size === 0 && leastLimit === 0 && !asForm

function adaptedBy(manners: Manners, step: Step): AdaptedStep {
  const { body, fault, rawBody } = step
  if (rawBody !== undefined || !isObject(body) || isPlain(manners)) return { step, refused: new Map() }
  const spared = fault && rootOf(fault.param)
  const taken = roomier(without(body, manners, spared), manners)
  const changed = fault ? barer(step, taken, manners, spared) : taken
  const isChanged = JSON.stringify(changed) !== JSON.stringify(body)
  const isSame = !isChanged || (fault !== undefined && !isSpoilt(step, changed))
  const refused = new Map([...manners.refused].filter(([name]) => name in body && name !== spared))
  return {
    step: {
      ...step,
      ...(!isSame && { body: changed }),
      ...(manners.asForm && { asForm: true as const }),
    },
    refused,
  }
}

/** Notes what a refusal teaches; returns it as a sentence. */
function lessonOf(manners: Manners, sent: Step, exchange: Evidence): string | undefined {
  const status = exchange.response?.status ?? 0
  // What is refused for the lack of a model, an endpoint or a right says nothing of members.
  if (status !== 400 && status !== 415 && status !== 422) return undefined
  const body = sent.body as Body
  const error = errorIn(exchange)
  if (saysLimitTooSmall(error["message"])) return raised(manners, body)
  const member = refusedMember(sent, error)
  if (member !== undefined && !manners.refused.has(member)) {
    manners.refused.set(member, status)
    const other = otherName[member]
    const isRenamed = other !== undefined && !manners.refused.has(other)
    return `refuses ${member} (${status}), asked ${isRenamed ? `with ${other} in its place` : "without it"}`
  }
  const isForm = status !== 400 || wantsForm.test(textOf(error["message"]))
  if (sent.operation === "createVideo" && isForm && !manners.asForm) {
    manners.asForm = true
    return `refuses JSON (${status}), asked with a form`
  }
  for (const name of Object.keys(body)) manners.doubted.add(name)
  return undefined
}

/** A smaller limit is there to cut the reply (chosen). */
const leastRoom = 32

const limitOf = (body: Body): number => Math.max(0, ...limits.map((name) => Number(body[name] ?? 0)))

const textAt = (value: unknown, name: string): string => (isObject(value) ? textOf(value[name]) : "")

/** Returns whether the limit ended a whole reply when the model had thought, unasked, and not yet said anything. */
function isAllThought(body: Body, exchange: Evidence): boolean {
  if ("reasoning_effort" in body || "reasoning" in body) return false
  const json = answeredOf(exchange)?.json
  if (limitOf(body) < leastRoom || !json?.ok || !isObject(json.value)) return false
  const { choices, status, output } = json.value
  if (status === "incomplete" && Array.isArray(output))
    return output.every((item) => textAt(item, "type") === "reasoning")
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
  if (textAt(choice, "finish_reason") !== "length" || !isObject(choice)) return false
  const { message } = choice
  const isSilent = isObject(message) && textOf(message["content"]) === "" && !message["tool_calls"]
  return isSilent && (thoughtTokens(json.value) > 0 || textAt(message, "reasoning_content") !== "")
}

function thoughtTokens({ usage }: Body): number {
  const details = isObject(usage) ? usage["completion_tokens_details"] : undefined
  return isObject(details) ? Number(details["reasoning_tokens"] ?? 0) : 0
}

/** Raises the least limit above the one that was too small. */
function raised(manners: Manners, body: Body): string | undefined {
  const limit = limitOf(body)
  const next = Math.max(leastRaisedLimit, 4 * limit)
  if (next > mostRaisedLimit || next <= manners.leastLimit) return undefined
  manners.leastLimit = next
  return `cannot answer within ${limit} tokens, asked with a limit of at least ${next}`
}
