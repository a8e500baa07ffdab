import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors, readErrors } from "../error.ts"
import { openEnum, openObject, openUnion } from "../open.ts"
import { deduced, documented } from "../provenance.ts"
import { TokenLogprob } from "./chat-completions.ts"

const Count = z.int().min(0)
const Id = z.string()
const JsonSchema = z.record(z.string(), z.unknown())
const Status = openEnum(["in_progress", "completed", "incomplete"])

export const ResponseInputText = openObject({ type: z.literal("input_text"), text: z.string() }).meta({
  id: "ResponseInputText",
  ...deduced,
})
export type ResponseInputText = z.infer<typeof ResponseInputText>

export const ResponseInputImage = openObject({
  type: z.literal("input_image"),
  detail: openEnum(["low", "high", "auto"]).nullish().meta({ default: "auto" }),
  image_url: z.string().nullish().meta({ description: "A URL, or a data URL that holds the image." }),
  file_id: z.string().nullish(),
}).meta({ id: "ResponseInputImage", ...deduced })
export type ResponseInputImage = z.infer<typeof ResponseInputImage>

export const ResponseInputFile = openObject({
  type: z.literal("input_file"),
  file_data: z.string().nullish().meta({ description: "Base64, or a data URL." }),
  file_id: z.string().nullish(),
  file_url: z.string().nullish(),
  filename: z.string().nullish(),
}).meta({ id: "ResponseInputFile", ...deduced })
export type ResponseInputFile = z.infer<typeof ResponseInputFile>

export const ResponseAnnotation = openUnion("type", [
  openObject({ type: z.literal("file_citation"), file_id: Id, filename: z.string(), index: Count }),
  openObject({
    type: z.literal("url_citation"),
    url: z.string(),
    title: z.string(),
    start_index: Count,
    end_index: Count,
  }),
  openObject({
    type: z.literal("container_file_citation"),
    container_id: Id,
    file_id: Id,
    filename: z.string(),
    start_index: Count,
    end_index: Count,
  }),
  openObject({ type: z.literal("file_path"), file_id: Id, index: Count }),
]).meta({ id: "ResponseAnnotation", ...deduced })
export type ResponseAnnotation = z.infer<typeof ResponseAnnotation>

/** `logprobs` is optional: servers older than the member leave it out. */
export const ResponseOutputText = openObject({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(ResponseAnnotation),
  logprobs: z.array(TokenLogprob).nullish(),
}).meta({ id: "ResponseOutputText", ...deduced })
export type ResponseOutputText = z.infer<typeof ResponseOutputText>

export const ResponseRefusal = openObject({ type: z.literal("refusal"), refusal: z.string() }).meta({
  id: "ResponseRefusal",
  ...deduced,
})
export type ResponseRefusal = z.infer<typeof ResponseRefusal>

const ReasoningText = openObject({ type: z.literal("reasoning_text"), text: z.string() })
const SummaryText = openObject({ type: z.literal("summary_text"), text: z.string() })
const InputParts = z.array(openUnion("type", [ResponseInputText, ResponseInputImage, ResponseInputFile]))

/** What a conversation holds before the reply. An earlier `ResponseOutputMessage` can be sent back as one. */
export const ResponseInputMessage = openObject({
  type: z.literal("message"),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: z.union([
    z.string(),
    z.array(
      openUnion("type", [
        ResponseInputText,
        ResponseInputImage,
        ResponseInputFile,
        ResponseOutputText,
        ResponseRefusal,
      ]),
    ),
  ]),
  id: Id.nullish(),
  status: Status.nullish(),
}).meta({ id: "ResponseInputMessage", ...deduced })
export type ResponseInputMessage = z.infer<typeof ResponseInputMessage>

export const ResponseOutputMessage = openObject({
  type: z.literal("message"),
  id: Id,
  role: z.literal("assistant"),
  status: Status,
  content: z.array(openUnion("type", [ResponseOutputText, ResponseRefusal])),
  phase: openEnum(["commentary", "final_answer"]).nullish(),
}).meta({ id: "ResponseOutputMessage", ...deduced })
export type ResponseOutputMessage = z.infer<typeof ResponseOutputMessage>

export const ResponseFunctionCall = openObject({
  type: z.literal("function_call"),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string().meta({ description: "JSON text as the model wrote it: it need not be valid." }),
  id: Id.nullish(),
  status: Status.nullish(),
}).meta({ id: "ResponseFunctionCall", ...deduced })
export type ResponseFunctionCall = z.infer<typeof ResponseFunctionCall>

export const ResponseFunctionCallOutput = openObject({
  type: z.literal("function_call_output"),
  call_id: z.string(),
  output: z.union([z.string(), InputParts]),
  id: Id.nullish(),
  status: Status.nullish(),
}).meta({ id: "ResponseFunctionCallOutput", ...deduced })
export type ResponseFunctionCallOutput = z.infer<typeof ResponseFunctionCallOutput>

export const ResponseReasoning = openObject({
  type: z.literal("reasoning"),
  id: Id,
  summary: z.array(SummaryText),
  content: z.array(ReasoningText).nullish(),
  encrypted_content: z.string().nullish(),
  status: Status.nullish(),
}).meta({ id: "ResponseReasoning", ...deduced })
export type ResponseReasoning = z.infer<typeof ResponseReasoning>

const Outcome = openUnion("type", [
  openObject({ type: z.literal("exit"), exit_code: z.int() }),
  openObject({ type: z.literal("timeout") }),
])
const ShellOutput = openObject({ stdout: z.string(), stderr: z.string(), outcome: Outcome })

const item = <const Type extends string, Shape extends z.core.$ZodLooseShape>(
  type: Type,
  id: string,
  shape: Shape,
) => openObject({ type: z.literal(type), ...shape }).meta({ id, ...deduced })

/** The items that requests and replies share: calls of the server's own tools, and what came of them. */
const toolItems = [
  item("custom_tool_call", "ResponseCustomToolCall", {
    call_id: z.string(),
    name: z.string(),
    input: z.string(),
  }),
  item("custom_tool_call_output", "ResponseCustomToolCallOutput", {
    call_id: z.string(),
    output: z.union([z.string(), InputParts]),
  }),
  item("file_search_call", "ResponseFileSearchCall", {
    id: Id,
    status: openEnum(["in_progress", "searching", "completed", "incomplete", "failed"]),
    queries: z.array(z.string()),
    results: z
      .array(
        openObject({
          file_id: Id.optional(),
          filename: z.string().optional(),
          score: z.number().optional(),
          text: z.string().optional(),
        }),
      )
      .nullish(),
  }),
  item("web_search_call", "ResponseWebSearchCall", {
    id: Id,
    status: openEnum(["in_progress", "searching", "completed", "failed"]),
    action: openUnion("type", [
      openObject({
        type: z.literal("search"),
        query: z.string().nullish(),
        queries: z.array(z.string()).nullish(),
        sources: z.array(openObject({ url: z.string().nullish() })).nullish(),
      }),
      openObject({ type: z.literal("open_page"), url: z.string().nullish() }),
      openObject({ type: z.literal("find_in_page"), url: z.string(), pattern: z.string() }),
    ]).nullish(),
  }),
  item("computer_call", "ResponseComputerCall", {
    id: Id,
    call_id: z.string(),
    status: Status,
    pending_safety_checks: z.array(
      openObject({ id: Id, code: z.string().nullish(), message: z.string().nullish() }),
    ),
    action: openObject({ type: z.string() }).nullish(),
  }),
  item("computer_call_output", "ResponseComputerCallOutput", {
    call_id: z.string(),
    output: openObject({
      type: z.literal("computer_screenshot"),
      file_id: Id.nullish(),
      image_url: z.string().nullish(),
    }),
  }),
  item("code_interpreter_call", "ResponseCodeInterpreterCall", {
    id: Id,
    status: openEnum(["in_progress", "completed", "incomplete", "interpreting", "failed"]),
    container_id: Id,
    code: z.string().nullable(),
    outputs: z
      .array(
        openUnion("type", [
          openObject({ type: z.literal("logs"), logs: z.string() }),
          openObject({ type: z.literal("image"), url: z.string() }),
        ]),
      )
      .nullable(),
  }),
  item("image_generation_call", "ResponseImageGenerationCall", {
    id: Id,
    status: openEnum(["in_progress", "completed", "generating", "failed"]),
    result: z.string().nullable().meta({ description: "Base64." }),
  }),
  item("local_shell_call", "ResponseLocalShellCall", {
    id: Id,
    call_id: z.string(),
    status: Status,
    action: openObject({
      type: z.literal("exec"),
      command: z.array(z.string()),
      env: z.record(z.string(), z.string()),
      timeout_ms: Count.nullish(),
      user: z.string().nullish(),
      working_directory: z.string().nullish(),
    }),
  }),
  item("local_shell_call_output", "ResponseLocalShellCallOutput", { id: Id, output: z.string() }),
  item("shell_call", "ResponseShellCall", {
    call_id: z.string(),
    action: openObject({
      commands: z.array(z.string()),
      timeout_ms: Count.nullish(),
      max_output_length: Count.nullish(),
    }),
  }),
  item("shell_call_output", "ResponseShellCallOutput", { call_id: z.string(), output: z.array(ShellOutput) }),
  item("apply_patch_call", "ResponseApplyPatchCall", {
    call_id: z.string(),
    status: openEnum(["in_progress", "completed"]),
    operation: openUnion("type", [
      openObject({ type: z.literal("create_file"), path: z.string(), diff: z.string() }),
      openObject({ type: z.literal("delete_file"), path: z.string() }),
      openObject({ type: z.literal("update_file"), path: z.string(), diff: z.string() }),
    ]),
  }),
  item("apply_patch_call_output", "ResponseApplyPatchCallOutput", {
    call_id: z.string(),
    status: openEnum(["completed", "failed"]),
    output: z.string().nullish(),
  }),
  item("mcp_list_tools", "ResponseMcpListTools", {
    id: Id,
    server_label: z.string(),
    tools: z.array(
      openObject({ name: z.string(), input_schema: z.unknown(), description: z.string().nullish() }),
    ),
    error: z.unknown().optional(),
  }),
  item("mcp_approval_request", "ResponseMcpApprovalRequest", {
    id: Id,
    server_label: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
  item("mcp_approval_response", "ResponseMcpApprovalResponse", {
    approval_request_id: Id,
    approve: z.boolean(),
    reason: z.string().nullish(),
  }),
  item("mcp_call", "ResponseMcpCall", {
    id: Id,
    server_label: z.string(),
    name: z.string(),
    arguments: z.string(),
    output: z.string().nullish(),
    error: z.unknown().optional(),
  }),
  item("compaction", "ResponseCompaction", { encrypted_content: z.string() }),
  item("tool_search_call", "ResponseToolSearchCall", { arguments: z.unknown() }),
  item("tool_search_output", "ResponseToolSearchOutput", {
    tools: z.array(openObject({ type: z.string() })),
  }),
  item("program", "ResponseProgram", { id: Id, call_id: z.string(), code: z.string() }),
  item("program_output", "ResponseProgramOutput", { id: Id, call_id: z.string(), result: z.string() }),
] as const

export const ResponseOutputItem = openUnion("type", [
  ResponseOutputMessage,
  ResponseFunctionCall,
  ResponseFunctionCallOutput,
  ResponseReasoning,
  ...toolItems,
]).meta({ id: "ResponseOutputItem", ...deduced })
export type ResponseOutputItem = z.infer<typeof ResponseOutputItem>

/** An item as the server keeps it: `type` is always there. */
export const ResponseItem = openUnion("type", [
  ResponseInputMessage,
  ResponseFunctionCall,
  ResponseFunctionCallOutput,
  ResponseReasoning,
  ...toolItems,
  openObject({ type: z.literal("item_reference"), id: Id }),
]).meta({ id: "ResponseItem", ...deduced })
export type ResponseItem = z.infer<typeof ResponseItem>

/** An item of a request, where a message may go without `type`. */
export const ResponseInputItem = z
  .union([
    ResponseItem,
    openObject({
      type: z.never().optional(),
      role: ResponseInputMessage.shape.role,
      content: ResponseInputMessage.shape.content,
    }),
  ])
  .meta({ id: "ResponseInputItem", ...deduced })
export type ResponseInputItem = z.infer<typeof ResponseInputItem>

export const ResponseFunctionTool = openObject({
  type: z.literal("function"),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: z.string().nullish(),
  parameters: JsonSchema.nullish().meta({ description: "JSON Schema of the arguments." }),
  strict: z.boolean().nullish(),
}).meta({ id: "ResponseFunctionTool", ...deduced })
export type ResponseFunctionTool = z.infer<typeof ResponseFunctionTool>

const Names = z.array(z.string())

export const ResponseTool = openUnion("type", [
  ResponseFunctionTool,
  openObject({
    type: z.literal("custom"),
    name: z.string(),
    description: z.string().optional(),
    format: openUnion("type", [
      openObject({ type: z.literal("text") }),
      openObject({
        type: z.literal("grammar"),
        definition: z.string(),
        syntax: z.enum(["lark", "regex"]),
      }),
    ]).optional(),
  }),
  openObject({
    type: z.literal("file_search"),
    vector_store_ids: Names,
    max_num_results: z.int().min(1).optional(),
  }),
  openObject({
    type: z.enum([
      "web_search",
      "web_search_2025_08_26",
      "web_search_preview",
      "web_search_preview_2025_03_11",
    ]),
    search_context_size: openEnum(["low", "medium", "high"]).optional(),
  }),
  openObject({ type: z.literal("computer") }),
  openObject({
    type: z.literal("computer_use_preview"),
    display_width: z.int().min(1),
    display_height: z.int().min(1),
    environment: openEnum(["windows", "mac", "linux", "ubuntu", "browser"]),
  }),
  openObject({
    type: z.literal("mcp"),
    server_label: z.string(),
    server_url: z.string().optional(),
    server_description: z.string().optional(),
    connector_id: z.string().optional(),
    authorization: z.string().optional(),
    headers: z.record(z.string(), z.string()).nullish(),
    allowed_tools: z.union([Names, openObject({ tool_names: Names.optional() }), z.null()]).optional(),
    require_approval: z.union([z.enum(["always", "never"]), openObject({}), z.null()]).optional(),
  }),
  openObject({
    type: z.literal("code_interpreter"),
    container: z.union([z.string(), openObject({ type: z.literal("auto"), file_ids: Names.optional() })]),
  }),
  openObject({ type: z.literal("image_generation"), model: z.string().optional() }),
  openObject({
    type: z.enum(["local_shell", "shell", "apply_patch", "tool_search", "programmatic_tool_calling"]),
  }),
  openObject({
    type: z.literal("namespace"),
    name: z.string(),
    description: z.string(),
    tools: z.array(openObject({ type: z.string(), name: z.string() })),
  }),
]).meta({ id: "ResponseTool", ...deduced })
export type ResponseTool = z.infer<typeof ResponseTool>

export const ResponseToolChoice = z
  .union([
    z.enum(["none", "auto", "required"]),
    openUnion("type", [
      openObject({ type: z.literal("function"), name: z.string() }),
      openObject({ type: z.literal("custom"), name: z.string() }),
      openObject({ type: z.literal("mcp"), server_label: z.string(), name: z.string().nullish() }),
      openObject({
        type: z.literal("allowed_tools"),
        mode: z.enum(["auto", "required"]),
        tools: z.array(openObject({ type: z.string() })),
      }),
      openObject({
        type: z.enum([
          "file_search",
          "web_search_preview",
          "web_search_preview_2025_03_11",
          "computer",
          "computer_use",
          "computer_use_preview",
          "image_generation",
          "code_interpreter",
          "apply_patch",
          "shell",
          "programmatic_tool_calling",
        ]),
      }),
    ]),
  ])
  .meta({ id: "ResponseToolChoice", ...deduced })
export type ResponseToolChoice = z.infer<typeof ResponseToolChoice>

export const ResponseTextConfig = openObject({
  format: openUnion("type", [
    openObject({ type: z.literal("text") }),
    openObject({ type: z.literal("json_object") }),
    openObject({
      type: z.literal("json_schema"),
      name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
      schema: JsonSchema,
      description: z.string().nullish(),
      strict: z.boolean().nullish(),
    }),
  ]).optional(),
  verbosity: openEnum(["low", "medium", "high"]).nullish(),
}).meta({ id: "ResponseTextConfig", ...deduced })
export type ResponseTextConfig = z.infer<typeof ResponseTextConfig>

const Reasoning = openObject({
  effort: openEnum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
  summary: openEnum(["auto", "concise", "detailed"]).nullish(),
})
const Metadata = z.record(z.string(), z.string())
const Prompt = openObject({ id: Id, version: z.string().nullish(), variables: JsonSchema.nullish() })
const Conversation = openObject({ id: Id })

/** The members that the reply repeats from the request. */
const echoed = {
  instructions: z.string().nullish().describe("System or developer message for this response only."),
  max_output_tokens: Count.nullish().describe(
    "Maximum number of tokens to generate, including reasoning tokens.",
  ),
  max_tool_calls: Count.nullish().describe("Maximum number of calls to built-in tools."),
  previous_response_id: z
    .string()
    .nullish()
    .describe("ID of the response that this one continues. Cannot be combined with `conversation`."),
  reasoning: Reasoning.nullish().describe("Options for reasoning models."),
  text: ResponseTextConfig.optional().describe("Format and verbosity of the text output."),
  truncation: z
    .enum(["auto", "disabled"])
    .nullish()
    .describe(
      "How to handle input beyond the context window: `auto` drops items, `disabled` fails with 400.",
    ),
  store: z.boolean().nullish().describe("Whether the response is stored, so that it can be retrieved later."),
  background: z.boolean().nullish().describe("Whether the response is generated in the background."),
  prompt: Prompt.nullish().describe("Reference to a prompt template and its variables."),
  service_tier: openEnum(["auto", "default", "flex", "scale", "priority"])
    .nullish()
    .describe("Processing tier for the request."),
  safety_identifier: z.string().nullish().describe("Stable identifier of the end user for abuse detection."),
  prompt_cache_key: z
    .string()
    .nullish()
    .describe("Key that groups requests with similar prompts for prompt caching."),
  top_logprobs: Count.nullish().describe("Number of most likely tokens to return at each position."),
  user: z.string().nullish().describe("Identifier of the end user."),
}

export const ResponseRequest = openObject({
  ...echoed,
  model: openEnum(modelIds("chat")).describe("ID of the model that generates the response."),
  input: z
    .union([z.string(), z.array(ResponseInputItem)])
    .describe("Text, or a list of items, to respond to."),
  stream: z
    .boolean()
    .nullish()
    .meta({
      ...documented,
      default: false,
      description: "Whether the reply comes as server-sent events.",
    }),
  stream_options: openObject({ include_obfuscation: z.boolean().optional() })
    .nullish()
    .describe("Options of the stream. Only used when `stream` is true; ignored otherwise."),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .nullish()
    .meta({ default: 1 })
    .describe("Sampling temperature from 0 to 2. Default: 1."),
  top_p: z
    .number()
    .min(0)
    .max(1)
    .nullish()
    .meta({ default: 1 })
    .describe("Nucleus sampling probability mass, from 0 to 1. Default: 1."),
  tools: z.array(ResponseTool).optional().describe("Tools that the model may call."),
  tool_choice: ResponseToolChoice.optional().describe("Controls which tool the model calls, if any."),
  parallel_tool_calls: z
    .boolean()
    .nullish()
    .meta({ default: true })
    .describe("Whether the model may call several tools at once. Default: true."),
  metadata: Metadata.nullish().describe("Key-value pairs to attach to the response."),
  include: z
    .array(
      openEnum([
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
      ]),
    )
    .nullish(),
  conversation: z
    .union([z.string(), Conversation, z.null()])
    .optional()
    .describe("Conversation that the response belongs to. Cannot be combined with `previous_response_id`."),
  max_output_tokens: z
    .int()
    .min(16)
    .nullish()
    .describe("Maximum number of tokens to generate, including reasoning tokens; at least 16."),
  max_tool_calls: z.int().min(1).nullish().describe("Maximum number of calls to built-in tools; at least 1."),
  top_logprobs: z
    .int()
    .min(0)
    .max(20)
    .nullish()
    .describe("Number of most likely tokens to return at each position, from 0 to 20."),
  store: echoed.store.meta({ default: true, description: "Whether the response can be retrieved later." }),
  background: echoed.background.meta({ default: false }),
  truncation: echoed.truncation.meta({ default: "disabled" }),
}).meta({ id: "ResponseRequest", ...deduced })
export type ResponseRequest = z.infer<typeof ResponseRequest>

export const ResponseUsage = openObject({
  input_tokens: Count.describe("Number of tokens in the input."),
  input_tokens_details: openObject({
    cached_tokens: Count.nullish(),
    cache_write_tokens: Count.nullish(),
  }).nullish(),
  output_tokens: Count.describe("Number of tokens in the output."),
  output_tokens_details: openObject({ reasoning_tokens: Count.nullish() }).nullish(),
  total_tokens: Count.describe("Sum of `input_tokens` and `output_tokens`."),
}).meta({ id: "ResponseUsage", ...deduced })
export type ResponseUsage = z.infer<typeof ResponseUsage>

export const ResponseError = openObject({
  code: openEnum(["server_error", "rate_limit_exceeded", "invalid_prompt"]).describe(
    "Machine-readable error code.",
  ),
  message: z.string().describe("Human-readable description of the error."),
}).meta({ id: "ResponseError", ...deduced })
export type ResponseError = z.infer<typeof ResponseError>

export const ResponseObject = openObject({
  ...echoed,
  id: Id.describe("Unique ID of the response."),
  object: z.literal("response").describe("Type of the object, always `response`."),
  created_at: z.number().min(0).describe("Creation time in Unix seconds."),
  completed_at: z
    .number()
    .min(0)
    .nullish()
    .describe("Completion time in Unix seconds. Null until the response is completed."),
  status: openEnum(["completed", "failed", "in_progress", "cancelled", "queued", "incomplete"])
    .optional()
    .describe("Status of the response."),
  error: ResponseError.nullable().describe("Error that made the response fail; null otherwise."),
  incomplete_details: openObject({
    reason: openEnum(["max_output_tokens", "content_filter"]).optional(),
  }).nullable(),
  instructions: z.union([z.string(), z.array(ResponseInputItem), z.null()]),
  metadata: Metadata.nullable().describe("Key-value pairs attached to the response."),
  model: z.string().describe("Model that generated the response."),
  output: z.array(ResponseOutputItem).describe("Items that the model generated."),
  parallel_tool_calls: z.boolean(),
  temperature: z.number().nullable(),
  top_p: z.number().nullable(),
  tool_choice: ResponseToolChoice,
  tools: z.array(ResponseTool),
  usage: ResponseUsage.nullish().describe("Token usage. Null until the response has ended."),
  conversation: Conversation.nullish(),
}).meta({ id: "ResponseObject", ...deduced })
export type ResponseObject = z.infer<typeof ResponseObject>

export const ResponseDeleted = openObject({
  id: Id.describe("ID of the deleted response."),
  object: z.string(),
  deleted: z.literal(true).describe("Always true."),
}).meta({ id: "ResponseDeleted", ...deduced })
export type ResponseDeleted = z.infer<typeof ResponseDeleted>

export const ResponseItemList = openObject({
  object: z.literal("list").describe("Type of the object, always `list`."),
  data: z.array(ResponseItem).describe("Items of this page."),
  first_id: z.string().nullish().describe("ID of the first item of this page."),
  last_id: z.string().nullish().describe("ID of the last item of this page."),
  has_more: z.boolean().describe("Whether more items follow this page."),
}).meta({ id: "ResponseItemList", ...deduced })
export type ResponseItemList = z.infer<typeof ResponseItemList>

/** Returns the component name of an event: `response.output_text.delta` is `ResponseOutputTextDeltaEvent`. */
const eventId = (type: string): string => {
  const words = type.split(/[._]/).filter((word) => word !== "response")
  const names = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `Response${names.join("")}Event`
}

const event = <const Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) =>
  openObject({
    type: z.literal(type).describe("Type of the event; also sent as the SSE `event` field."),
    sequence_number: Count.describe("Position of the event in the stream, counted from 0."),
    ...shape,
  }).meta({ id: eventId(type), title: type, description: `Stream event \`${type}\`.`, ...deduced })

const ofResponse = { response: ResponseObject.describe("Response in its state at this event.") }
const outputIndex = Count.describe("Position of the output item, counted from 0.")
const ofItem = { item_id: Id.describe("ID of the output item."), output_index: outputIndex }
const ofContent = {
  ...ofItem,
  content_index: Count.describe("Position of the content part, counted from 0."),
}
const ofSummary = {
  ...ofItem,
  summary_index: Count.describe("Position of the summary part, counted from 0."),
}
const ofCommand = {
  output_index: outputIndex,
  command_index: Count.describe("Position of the command, counted from 0."),
}
const delta = z.string().describe("Next fragment of the content.")
const obfuscation = z.string().nullish().describe("Random padding that hides the length of each event.")
const logprobs = z.array(openObject({ token: z.string(), logprob: z.number() })).nullish()
const Part = openUnion("type", [ResponseOutputText, ResponseRefusal, ReasoningText])

/** Every event of OpenAI's API reference, and any other: the list has grown before. */
export const ResponseStreamEvent = openUnion("type", [
  event("response.created", ofResponse),
  event("response.queued", ofResponse),
  event("response.in_progress", ofResponse),
  event("response.completed", ofResponse),
  event("response.failed", ofResponse),
  event("response.incomplete", ofResponse),
  event("response.output_item.added", { output_index: Count, item: ResponseOutputItem }),
  event("response.output_item.done", { output_index: Count, item: ResponseOutputItem }),
  event("response.content_part.added", { ...ofContent, part: Part }),
  event("response.content_part.done", { ...ofContent, part: Part }),
  event("response.output_text.delta", { ...ofContent, delta, logprobs, obfuscation }),
  event("response.output_text.done", { ...ofContent, text: z.string(), logprobs }),
  event("response.output_text.annotation.added", {
    ...ofContent,
    annotation_index: Count,
    annotation: ResponseAnnotation.nullable(),
  }),
  event("response.refusal.delta", { ...ofContent, delta, obfuscation }),
  event("response.refusal.done", { ...ofContent, refusal: z.string() }),
  event("response.function_call_arguments.delta", { ...ofItem, delta, obfuscation }),
  event("response.function_call_arguments.done", {
    ...ofItem,
    name: z.string().nullish(),
    arguments: z.string(),
  }),
  event("response.custom_tool_call_input.delta", { ...ofItem, delta, obfuscation }),
  event("response.custom_tool_call_input.done", { ...ofItem, input: z.string() }),
  event("response.reasoning_text.delta", { ...ofContent, delta, obfuscation }),
  event("response.reasoning_text.done", { ...ofContent, text: z.string() }),
  event("response.reasoning_summary_part.added", { ...ofSummary, part: SummaryText }),
  event("response.reasoning_summary_part.done", {
    ...ofSummary,
    part: SummaryText,
    status: z.string().nullish(),
  }),
  event("response.reasoning_summary_text.delta", { ...ofSummary, delta, obfuscation }),
  event("response.reasoning_summary_text.done", { ...ofSummary, text: z.string() }),
  event("response.audio.delta", { delta }),
  event("response.audio.done", {}),
  event("response.audio.transcript.delta", { delta }),
  event("response.audio.transcript.done", {}),
  event("response.file_search_call.in_progress", ofItem),
  event("response.file_search_call.searching", ofItem),
  event("response.file_search_call.completed", ofItem),
  event("response.web_search_call.in_progress", ofItem),
  event("response.web_search_call.searching", ofItem),
  event("response.web_search_call.completed", ofItem),
  event("response.code_interpreter_call.in_progress", ofItem),
  event("response.code_interpreter_call.interpreting", ofItem),
  event("response.code_interpreter_call.completed", ofItem),
  event("response.code_interpreter_call_code.delta", { ...ofItem, delta, obfuscation }),
  event("response.code_interpreter_call_code.done", { ...ofItem, code: z.string() }),
  event("response.image_generation_call.in_progress", ofItem),
  event("response.image_generation_call.generating", ofItem),
  event("response.image_generation_call.completed", ofItem),
  event("response.image_generation_call.partial_image", {
    ...ofItem,
    partial_image_index: Count,
    partial_image_b64: z.string(),
    size: z.string().nullish(),
    quality: z.string().nullish(),
    background: z.string().nullish(),
    output_format: z.string().nullish(),
  }),
  event("response.mcp_call_arguments.delta", { ...ofItem, delta, obfuscation }),
  event("response.mcp_call_arguments.done", { ...ofItem, arguments: z.string() }),
  event("response.mcp_call.in_progress", ofItem),
  event("response.mcp_call.completed", ofItem),
  event("response.mcp_call.failed", ofItem),
  event("response.mcp_list_tools.in_progress", ofItem),
  event("response.mcp_list_tools.completed", ofItem),
  event("response.mcp_list_tools.failed", ofItem),
  event("response.shell_call_command.added", { ...ofCommand, command: z.string() }),
  event("response.shell_call_command.delta", { ...ofCommand, delta, obfuscation }),
  event("response.shell_call_command.done", { ...ofCommand, command: z.string() }),
  event("response.shell_call_output_content.delta", {
    ...ofCommand,
    item_id: Id,
    delta: openObject({ stdout: z.string().optional(), stderr: z.string().optional() }),
  }),
  event("response.shell_call_output_content.done", {
    ...ofCommand,
    item_id: Id,
    output: z.array(ShellOutput),
  }),
  event("error", { code: z.string().nullish(), message: z.string(), param: z.string().nullish() }),
]).meta({ id: "ResponseStreamEvent", ...deduced })
export type ResponseStreamEvent = z.infer<typeof ResponseStreamEvent>

const part = {
  type: "output_text",
  text: "Hello! How can I help you?",
  annotations: [],
  logprobs: [],
} satisfies ResponseOutputText
const message = {
  type: "message",
  id: "msg_abc123",
  role: "assistant",
  status: "completed",
  content: [part],
} satisfies ResponseOutputMessage

const example = {
  id: "resp_abc123",
  object: "response",
  created_at: 1713833628,
  completed_at: 1713833629,
  status: "completed",
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  model: "gpt-4o",
  output: [message],
  parallel_tool_calls: true,
  temperature: 1,
  top_p: 1,
  tool_choice: "auto",
  tools: [],
  usage: {
    input_tokens: 8,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 8,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 16,
  },
} satisfies ResponseObject

const opened = {
  ...example,
  status: "in_progress",
  completed_at: null,
  output: [],
  usage: null,
} satisfies ResponseObject
const at = { item_id: message.id, output_index: 0, content_index: 0 }

const events = [
  { type: "response.created", sequence_number: 0, response: opened },
  { type: "response.in_progress", sequence_number: 1, response: opened },
  {
    type: "response.output_item.added",
    sequence_number: 2,
    output_index: 0,
    item: { ...message, status: "in_progress", content: [] },
  },
  { type: "response.content_part.added", sequence_number: 3, ...at, part: { ...part, text: "" } },
  { type: "response.output_text.delta", sequence_number: 4, ...at, delta: part.text, logprobs: [] },
  { type: "response.output_text.done", sequence_number: 5, ...at, text: part.text, logprobs: [] },
  { type: "response.content_part.done", sequence_number: 6, ...at, part },
  { type: "response.output_item.done", sequence_number: 7, output_index: 0, item: message },
  { type: "response.completed", sequence_number: 8, response: example },
] satisfies ResponseStreamEvent[]

const chosenNames = ({ tool_choice }: ResponseRequest): string[] =>
  typeof tool_choice === "object" && (tool_choice.type === "function" || tool_choice.type === "custom")
    ? [tool_choice.name]
    : []

export const createResponse = endpoint({
  operationId: "createResponse",
  surface: "responses",
  method: "POST",
  path: "/responses",
  summary: "Create a model response.",
  description:
    "Generates a response to a text or a list of items. Returns one response object by default. With " +
    "`stream: true`, returns server-sent events and ends the stream with `data: [DONE]`.",
  provenance: "documented",
  request: {
    mediaType: "application/json",
    schema: ResponseRequest,
    examples: {
      text: {
        summary: "A text",
        provenance: "deduced",
        value: { model: "gpt-4o", input: "Hello" } satisfies ResponseRequest,
      },
      stream: {
        summary: "A stream",
        provenance: "deduced",
        value: { model: "gpt-4o", input: "Write a poem", stream: true } satisfies ResponseRequest,
      },
      items: {
        summary: "Instructions and a conversation",
        provenance: "deduced",
        value: {
          model: "gpt-4o",
          instructions: "You are a helpful assistant.",
          input: [
            { role: "user", content: "What is the weather in Paris?" },
            {
              type: "function_call",
              call_id: "call_abc123",
              name: "get_weather",
              arguments: '{"city":"Paris"}',
            },
            { type: "function_call_output", call_id: "call_abc123", output: "18 °C, sunny" },
          ],
          tools: [{ type: "function", name: "get_weather", parameters: { type: "object" } }],
        } satisfies ResponseRequest,
      },
    },
  },
  success: {
    status: 200,
    description: "The response.",
    content: {
      "application/json": { kind: "json", schema: ResponseObject },
      "text/event-stream": {
        kind: "stream",
        item: ResponseStreamEvent,
        examples: { text: { summary: "A text", provenance: "deduced", value: events } },
      },
    },
    provenance: "documented",
  },
  examples: { text: { summary: "A text", provenance: "deduced", value: example } },
  errors: bodyErrors,
  checks: [
    {
      param: "previous_response_id",
      says: "`previous_response_id` and `conversation` exclude each other.",
      provenance: "deduced",
      holds: ({ previous_response_id, conversation }) => previous_response_id == null || conversation == null,
    },
    {
      param: "tool_choice",
      says: '`tool_choice: "required"` needs `tools`.',
      provenance: "deduced",
      holds: ({ tool_choice, tools }) => tool_choice !== "required" || (tools ?? []).length > 0,
    },
    {
      param: "tool_choice",
      says: "A tool that `tool_choice` names must be one of `tools`.",
      provenance: "deduced",
      holds(request) {
        const offered = new Set(
          (request.tools ?? []).flatMap((tool) =>
            tool.type === "function" || tool.type === "custom" ? [tool.name] : [],
          ),
        )
        return chosenNames(request).every((name) => offered.has(name))
      },
    },
  ],
})

const byId = z.object({ response_id: z.string().min(1).meta({ description: "Id of the response." }) })

export const retrieveResponse = endpoint({
  operationId: "retrieveResponse",
  surface: "responses",
  method: "GET",
  path: "/responses/{response_id}",
  summary: "Retrieve a response.",
  description: "Returns a stored response. Requires that it was created with `store: true` (the default).",
  provenance: "deduced",
  params: byId,
  success: {
    status: 200,
    description: "The response.",
    content: { "application/json": { kind: "json", schema: ResponseObject } },
    provenance: "deduced",
  },
  examples: { text: { summary: "A text", provenance: "deduced", value: example } },
  errors: readErrors,
  checks: [],
})

export const deleteResponse = endpoint({
  operationId: "deleteResponse",
  surface: "responses",
  method: "DELETE",
  path: "/responses/{response_id}",
  summary: "Delete a response.",
  description: "Deletes a stored response by its ID.",
  provenance: "deduced",
  params: byId,
  success: {
    status: 200,
    description: "The response was deleted.",
    content: { "application/json": { kind: "json", schema: ResponseDeleted } },
    provenance: "deduced",
  },
  examples: {
    deleted: {
      summary: "Deleted",
      provenance: "deduced",
      value: { id: "resp_abc123", object: "response", deleted: true } satisfies ResponseDeleted,
    },
  },
  errors: readErrors,
  checks: [],
})

export const listResponseInputItems = endpoint({
  operationId: "listResponseInputItems",
  surface: "responses",
  method: "GET",
  path: "/responses/{response_id}/input_items",
  summary: "List the input items of a response.",
  description: "Lists the input items of a stored response.",
  provenance: "deduced",
  params: byId,
  query: z.object({
    limit: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({ default: 20, description: "Maximum number of items to return, 1 to 100. Default: 20." }),
    order: z.enum(["asc", "desc"]).optional().meta({
      default: "desc",
      description: "Order of the items by creation. Default: `desc`, newest first.",
    }),
    after: z
      .string()
      .optional()
      .meta({ description: "Id of the item after which to start; for pagination." }),
  }),
  success: {
    status: 200,
    description: "One page of input items.",
    content: { "application/json": { kind: "json", schema: ResponseItemList } },
    provenance: "deduced",
  },
  examples: {
    one: {
      summary: "One message",
      provenance: "deduced",
      value: {
        object: "list",
        data: [
          {
            type: "message",
            id: "msg_abc122",
            role: "user",
            status: "completed",
            content: [{ type: "input_text", text: "Hello" }],
          },
        ],
        first_id: "msg_abc122",
        last_id: "msg_abc122",
        has_more: false,
      } satisfies ResponseItemList,
    },
  },
  errors: [400, 401, 403, 404, 429, 500, 503],
  checks: [],
})
