import { type Content, endpoints, type OperationId } from "@nexhina/schemas"
import { z } from "zod"
import { PatternError, parsePattern } from "../json-schema/parse-pattern.ts"
import { hostedItemSchema } from "../replies/utterance/hosted-tools.ts"
import { parseFault } from "../timing/fault.ts"
import { templateFault } from "./template.ts"

const templateSchema = () =>
  z.string().superRefine((text, { addIssue }) => {
    const fault = templateFault(text)
    if (fault !== undefined) addIssue(fault)
  })

/** How to let a pattern match both cases of a letter. */
export const caseHint = "Letter case counts: write '[Hh]' for both cases of a letter"

/**
 * Returns what is wrong with a text that is a regular expression between slashes, as JavaScript writes it. `/home/` may
 * be a path: there are flags, or characters that paths rarely have.
 */
function slashesFault(text: string, remedyOf: (source: string) => string): string | undefined {
  const end = text.startsWith("/") ? text.lastIndexOf("/") : 0
  const [source, flags] = [text.slice(1, end), text.slice(end + 1)]
  if (source === "" || end <= 0 || !/^[dgimsuvy]*$/.test(flags)) return undefined
  if (flags === "" && !/[\\^$*+?()|[\]{}]/.test(source)) return undefined
  // A comment between slashes and asterisks is not a pattern.
  if (patternFault(source) !== undefined) return undefined
  const hint = flags.includes("i") ? `. ${caseHint}` : ""
  return `'${text}' would match its slashes. Write ${remedyOf(source)} for the regular expression${hint}`
}

/** Returns a condition that only a text meets: the text, unless it would be taken for a regular expression. */
export function exactly(text: string): TextMatch {
  if (slashesFault(text, String) === undefined) return text
  return { matches: `^${text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$` }
}

const expectedTextSchema = () =>
  z
    .string()
    .superRefine((text, { addIssue }) => {
      const fault = slashesFault(text, (source) => `{ matches: '${source}' }`)
      if (fault !== undefined) addIssue(fault)
    })
    .describe("The whole text, exactly.")

const expectedPartSchema = () =>
  z
    .strictObject({
      contains: z.string().min(1).describe("Part of the text, case-sensitive.").exactOptional(),
      matches: z
        .string()
        .superRefine((source, { addIssue }) => {
          const fault = slashesFault(source, (bare) => `'${bare}'`) ?? patternFault(source)
          if (fault !== undefined) addIssue(fault)
        })
        .describe(
          "Regular expression (ECMAScript, without back references) that matches anywhere in the text unless it is anchored.",
        )
        .exactOptional(),
    })
    .superRefine((part, { addIssue }) => {
      if (Object.keys(part).length !== 1) addIssue("expected exactly one of 'contains' and 'matches'")
    })

function patternFault(source: string): string | undefined {
  try {
    parsePattern(source)
    return undefined
  } catch (error) {
    if (error instanceof PatternError) {
      return source.startsWith("(?i)") ? `${error.message}. ${caseHint}` : error.message
    }
    throw error
  }
}

/** What a text must be: the whole text, or `contains` or `matches`. */
const textMatchSchema = () => z.union([expectedTextSchema(), expectedPartSchema()])
export type TextMatch = Readonly<z.infer<ReturnType<typeof textMatchSchema>>>

// The registry's keys are the operation ids; `Object.keys` widens them to string.
const operationIds = Object.keys(endpoints) as [OperationId, ...OperationId[]]

const matchSchema = () =>
  z.strictObject({
    operation: z
      .enum(operationIds)
      .describe("Operation of the API. Default: createChatCompletion and createResponse.")
      .exactOptional(),
    model: textMatchSchema().describe("Model id of the request.").exactOptional(),
    user: textMatchSchema()
      .describe(
        "Last text of the user; for other operations than chat and responses the input, prompt or query.",
      )
      .exactOptional(),
    system: textMatchSchema()
      .describe("System and developer messages and `instructions`, joined by line breaks.")
      .exactOptional(),
    message: textMatchSchema()
      .describe("At least one text of the conversation, whoever said it.")
      .exactOptional(),
    toolResult: z
      .union([z.boolean(), textMatchSchema()])
      .describe(
        "Whether the conversation ends with tool results, or a text that one of them must be. " +
          "Default: false for an answer with `toolCalls` and no `step`, so that loops end; otherwise any.",
      )
      .exactOptional(),
    step: z
      .int()
      .min(0)
      .describe("How often tools have answered since the last text of the user. Parallel calls count once.")
      .exactOptional(),
    turns: z.int().min(0).describe("Number of user messages in the conversation.").exactOptional(),
    headers: z
      .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, "not a header name"), textMatchSchema())
      .describe("Request headers by name, in any case.")
      .exactOptional(),
    scope: z.string().min(1).describe("Value of the request header `x-mock-scope`.").exactOptional(),
  })

/** The conditions of a scenario. */
export type Match = Readonly<z.infer<ReturnType<typeof matchSchema>>>

/** Returns the names of the conditions. */
export function matchMembers(): string[] {
  return Object.keys(matchSchema().shape)
}

/** Headers that say how the body is sent: others than the mock's own would leave clients waiting. */
const framing: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

const failureMembers = () => ({
  message: templateSchema().describe("Error message. Default: the message for the status.").exactOptional(),
  code: z.string().nullable().describe("Error code. Default: the code for the status.").exactOptional(),
  param: z.string().nullable().describe("Path of the member at fault. Default: null.").exactOptional(),
  headers: z
    .record(
      z
        .string()
        .regex(/^[\w!#$%&'*+.^`|~-]+$/, "not a header name")
        .refine((name) => !framing.has(name.toLowerCase()), "a header that the mock sets itself"),
      z.union([z.string().regex(/^[\t\x20-\x7e]*$/, "not a header value"), z.number()]),
    )
    .describe("Additional response headers, such as `retry-after`.")
    .exactOptional(),
})
const statusSchema = () => z.int().min(400).max(599).describe("HTTP status.")

const errorAnswerSchema = () => z.strictObject({ status: statusSchema(), ...failureMembers() })
export type ErrorAnswer = Readonly<z.infer<ReturnType<typeof errorAnswerSchema>>>

const faultSchema = () =>
  z.string().superRefine((text, { addIssue }) => {
    try {
      parseFault(text)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      addIssue(error.message.replace(/\.$/, ""))
    }
  })

const idsSchema = () => z.union([z.string(), z.array(z.string())])

const failSchema = () =>
  z
    .strictObject({
      times: z
        .int()
        .min(1)
        .describe("How many matching requests of each scope fail before the answer is given."),
      status: statusSchema().exactOptional(),
      ...failureMembers(),
      defect: idsSchema()
        .describe("Defects of the answer in these requests, instead of an error.")
        .exactOptional(),
      fault: faultSchema()
        .describe(
          "Fault of the answer in these requests, instead of an error, such as `after 2 events: reset`.",
        )
        .exactOptional(),
    })
    .superRefine(({ status, defect, fault }, { addIssue }) => {
      if ([status, defect, fault].filter((way) => way !== undefined).length !== 1)
        addIssue("expected exactly one of 'status', 'defect' and 'fault'")
    })

const toolCallAnswerSchema = () =>
  z.strictObject({
    name: z.string().min(1).describe("Name of the tool."),
    arguments: z
      .union([z.string(), z.record(z.string(), z.unknown())])
      .describe(
        "Arguments as an object, or the free text of a custom tool. Texts may have templates. Default: {}.",
      )
      .exactOptional(),
    id: z.string().min(1).describe("Call id. Default: a hash of the request.").exactOptional(),
  })

const tokensSchema = () => z.int().min(0)
const usageAnswerSchema = () =>
  z
    .strictObject({
      input: tokensSchema().describe("Tokens of the prompt.").exactOptional(),
      output: tokensSchema().describe("Tokens of the reply, reasoning included.").exactOptional(),
      reasoning: tokensSchema().describe("Tokens of the reasoning.").exactOptional(),
      cached: tokensSchema().describe("Tokens of the prompt that were read from a cache.").exactOptional(),
    })
    .superRefine(({ input, output, reasoning, cached }, { addIssue }) => {
      for (const [part, name, whole, wholeName] of [
        [cached, "cached", input, "input"],
        [reasoning, "reasoning", output, "output"],
      ] as const) {
        if (part === undefined || whole === undefined || part <= whole) continue
        const message = `'${name}' is part of '${wholeName}' and must not be greater, but ${part} is greater than ${whole}`
        addIssue({ code: "custom", path: [name], message })
      }
    })
    .describe("Token counts, instead of those that the mock counts.")

const answerSchema = () =>
  z
    .strictObject({
      text: templateSchema().describe("Text of the reply.").exactOptional(),
      json: z
        .record(z.string(), z.unknown())
        .describe("Object that the text of the reply encodes. Texts in it may have templates.")
        .exactOptional(),
      toolCalls: z
        .array(toolCallAnswerSchema())
        .min(1)
        .describe("Calls of tools, after the text if there is one.")
        .exactOptional(),
      hostedTools: z
        .array(hostedItemSchema())
        .min(1)
        .describe(
          "Uses of tools that the server runs, such as a web search, before the text: items of the Responses API. " +
            "Chat completions leave them out. Texts may have templates.",
        )
        .exactOptional(),
      refusal: templateSchema().describe("Refusal of the model.").exactOptional(),
      reasoning: templateSchema().describe("Reasoning before the reply.").exactOptional(),
      filtered: z
        .boolean()
        .describe("Whether a content filter ends the text halfway. Default: false.")
        .exactOptional(),
      usage: usageAnswerSchema().exactOptional(),
      reply: z
        .record(z.string(), z.unknown())
        .describe(
          "Members of the JSON reply of other operations than chat and responses, instead of the generated ones. Objects " +
            "are merged, lists of objects by position or, where the elements have one, by `index`.",
        )
        .exactOptional(),
      error: errorAnswerSchema().describe("Error, instead of a reply.").exactOptional(),
      defect: idsSchema().describe("Defects of the reply, by id.").exactOptional(),
      variant: idsSchema().describe("Legal variants of the reply, by id.").exactOptional(),
      fault: faultSchema()
        .describe("Timeline of cuts and stalls of the reply, such as `after 2 events: stall 1s; then reset`.")
        .exactOptional(),
      latency: z
        .number()
        .min(0)
        .max(3_600_000)
        .describe("Milliseconds until the reply begins. Default: 0.")
        .exactOptional(),
    })
    .superRefine((answer, { addIssue }) => {
      const texts = (["text", "json", "refusal"] as const).filter((name) => answer[name] !== undefined)
      if (texts.length > 1) addIssue(`expected only one of ${texts.map((name) => `'${name}'`).join(" and ")}`)
      const spoken = spokenMembers.filter((name) => answer[name] !== undefined)
      const given = answer.reply ? "reply" : spoken[0]
      if (answer.error && given !== undefined) addIssue(`expected either 'error' or '${given}', not both`)
    })
export type Answer = Readonly<z.infer<ReturnType<typeof answerSchema>>>

/** The members of an answer that a model says or that describe what it says. */
const spokenMembers = [
  "text",
  "json",
  "toolCalls",
  "hostedTools",
  "refusal",
  "reasoning",
  "filtered",
  "usage",
] as const

/** The operations whose replies a model says. */
export const spokenOperations: ReadonlySet<OperationId> = new Set([
  "createChatCompletion",
  "createResponse",
] as const)

/** Returns the schema of the JSON replies of an operation; undefined when its replies are files. */
export function replySchema(operation: OperationId): z.ZodType | undefined {
  const contents: readonly Content[] = Object.values(endpoints[operation].success.content)
  return contents.flatMap((content) => (content.kind === "json" ? [content.schema] : []))[0]
}

/** A request that is recognised by its content, and the answer to it. */
const newScenarioSchema = () =>
  z
    .strictObject({
      id: z.string().min(1).describe("Name of the scenario in messages. Default: its place.").exactOptional(),
      match: matchSchema().describe(
        "What the request must have. `{}` matches every chat completion and response.",
      ),
      priority: z
        .number()
        .describe("A higher priority wins over a more specific match. Default: 0.")
        .exactOptional(),
      fail: failSchema().describe("Failures before the answer, counted for each scope.").exactOptional(),
      answer: answerSchema().describe("The reply. Default: generated.").exactOptional(),
      steps: z
        .array(answerSchema())
        .min(1)
        .describe(
          "Answers of a loop of tool calls, in order: the first to the user, the next ones to the tool results. " +
            "Sets `match.step` of each.",
        )
        .exactOptional(),
    })
    .superRefine(({ match, answer, fail, steps }, { addIssue }) => {
      if (!answer && !fail && !steps) addIssue("expected 'answer', 'steps' or 'fail'")
      if (answer && steps) addIssue("expected either 'answer' or 'steps', not both")
      if (steps && match.step !== undefined) addIssue("expected either 'steps' or 'match.step', not both")
      if (steps && match.operation !== undefined && !spokenOperations.has(match.operation)) {
        addIssue({
          code: "custom",
          path: ["steps"],
          message: `'steps' is not available for ${match.operation}`,
        })
      }
      const { operation } = match
      if (operation === undefined || spokenOperations.has(operation)) {
        const message = "'reply' needs a 'match.operation' other than chat and responses"
        if (answer?.reply) addIssue({ code: "custom", path: ["answer", "reply"], message })
        steps?.forEach(({ reply }, step) => {
          if (reply) addIssue({ code: "custom", path: ["steps", step, "reply"], message })
        })
        return
      }
      if (answer?.reply && replySchema(operation) === undefined) {
        const message = `'reply' is not available for ${operation}, whose reply is a file. Use 'error', 'latency', 'fault', 'defect' or 'variant'`
        addIssue({ code: "custom", path: ["answer", "reply"], message })
      }
      for (const name of spokenMembers) {
        if (answer?.[name] === undefined) continue
        const message = `'${name}' is not available for ${operation}. Use 'reply', 'error', 'latency', 'fault', 'defect' or 'variant'`
        addIssue({ code: "custom", path: ["answer", name], message })
      }
    })
export type Scenario = Readonly<z.infer<ReturnType<typeof newScenarioSchema>>>

let schema: ReturnType<typeof newScenarioSchema> | undefined

/** Returns the schema of a scenario. It is created when it is first needed: most mocks have no scenarios. */
export function scenarioSchema(): ReturnType<typeof newScenarioSchema> {
  schema ??= newScenarioSchema()
  return schema
}

/** A file of scenarios. */
export const scenarioFileSchema = () =>
  z
    .strictObject({
      $schema: z.string().describe("URL of this JSON Schema, for editors.").exactOptional(),
      scenarios: z
        .array(newScenarioSchema())
        .describe("Scenarios, in any order: the most specific match answers."),
    })
    .meta({ title: "Scenarios of nexhina-mock" })
