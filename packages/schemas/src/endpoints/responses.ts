import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors, readErrors } from "../error.ts"
import { openEnum, openObject, openUnion } from "../open.ts"
import { deduced, documented } from "../provenance.ts"
import { responseStatuses } from "../response-statuses.ts"
import { tag } from "../tag.ts"
import { CustomToolTextFormat, JsonObjectFormat, TextFormat, TokenLogprob } from "./chat-completions.ts"

const Count = z.int().min(0)
const Id = z.string()
const JsonSchema = z.record(z.string(), z.unknown())
const Status = openEnum(["in_progress", "completed", "incomplete"])
const ItemId = Id.describe("ID of the item.")
const ItemStatus = Status.describe("Status of the item.")

export const ResponseInputText = openObject({
  type: tag("input_text"),
  text: z.string().describe("Text of the part."),
}).meta({ id: "ResponseInputText", ...deduced, description: "Text as a part of the input." })
export type ResponseInputText = z.infer<typeof ResponseInputText>

export const ResponseInputImage = openObject({
  type: tag("input_image"),
  detail: openEnum(["low", "high", "auto"])
    .nullish()
    .meta({ default: "auto", description: "Level of detail at which the model sees it. Default: `auto`." }),
  image_url: z
    .string()
    .nullish()
    .meta({ description: "URL of the image, or a data URL that contains it. Default: none." }),
  file_id: z.string().nullish().describe("ID of an uploaded image. Default: none."),
}).meta({
  id: "ResponseInputImage",
  ...deduced,
  description: "Image as a part of the input, by URL or by ID.",
})
export type ResponseInputImage = z.infer<typeof ResponseInputImage>

export const ResponseInputFile = openObject({
  type: tag("input_file"),
  file_data: z
    .string()
    .nullish()
    .meta({ description: "Content of the file, in base64 or as a data URL. Default: none." }),
  file_id: z.string().nullish().describe("ID of an uploaded file. Default: none."),
  file_url: z.string().nullish().describe("URL of the file. Default: none."),
  filename: z.string().nullish().describe("Name of the file. Default: none."),
}).meta({
  id: "ResponseInputFile",
  ...deduced,
  description: "File as a part of the input, as content, by ID or by URL.",
})
export type ResponseInputFile = z.infer<typeof ResponseInputFile>

const ResponseFileCitation = openObject({
  type: tag("file_citation"),
  file_id: Id.describe("ID of the cited file."),
  filename: z.string().describe("Name of the cited file."),
  index: Count.describe("Index of the citation in the text."),
}).meta({ id: "ResponseFileCitation", ...deduced, description: "Citation of a file." })

const ResponseUrlCitation = openObject({
  type: tag("url_citation"),
  url: z.string().describe("URL of the web page."),
  title: z.string().describe("Title of the web page."),
  start_index: Count.describe("Index of the citation's first character in the text."),
  end_index: Count.describe("Index of the citation's last character in the text."),
}).meta({ id: "ResponseUrlCitation", ...deduced, description: "Citation of a web page." })

const ResponseContainerFileCitation = openObject({
  type: tag("container_file_citation"),
  container_id: Id.describe("ID of the container that holds the file."),
  file_id: Id.describe("ID of the cited file."),
  filename: z.string().describe("Name of the cited file."),
  start_index: Count.describe("Index of the citation's first character in the text."),
  end_index: Count.describe("Index of the citation's last character in the text."),
}).meta({
  id: "ResponseContainerFileCitation",
  ...deduced,
  description: "Citation of a file in a code interpreter container.",
})

const ResponseFilePath = openObject({
  type: tag("file_path"),
  file_id: Id.describe("ID of the file."),
  index: Count.describe("Index of the file path in the text."),
}).meta({ id: "ResponseFilePath", ...deduced, description: "Path to a file." })

export const ResponseAnnotation = openUnion("type", [
  ResponseFileCitation,
  ResponseUrlCitation,
  ResponseContainerFileCitation,
  ResponseFilePath,
]).meta({
  id: "ResponseAnnotation",
  ...deduced,
  description: "Annotation of output text, such as a citation.",
})
export type ResponseAnnotation = z.infer<typeof ResponseAnnotation>

/** `logprobs` is optional: servers older than the member leave it out. */
export const ResponseOutputText = openObject({
  type: tag("output_text"),
  text: z.string().describe("Text that the model generated."),
  annotations: z
    .array(ResponseAnnotation)
    .describe("Annotations of the text. Empty if the text has no annotations."),
  logprobs: z
    .array(TokenLogprob)
    .nullish()
    .describe(
      "Log probabilities of the tokens. Requires `message.output_text.logprobs` in `include`; otherwise empty, null or absent.",
    ),
}).meta({ id: "ResponseOutputText", ...deduced, description: "Text as a part of an output message." })
export type ResponseOutputText = z.infer<typeof ResponseOutputText>

export const ResponseRefusal = openObject({
  type: tag("refusal"),
  refusal: z.string().describe("Refusal that the model generated."),
}).meta({ id: "ResponseRefusal", ...deduced, description: "Refusal as a part of an output message." })
export type ResponseRefusal = z.infer<typeof ResponseRefusal>

const ReasoningText = openObject({
  type: tag("reasoning_text"),
  text: z.string().describe("Text of the reasoning."),
}).meta({ id: "ResponseReasoningText", ...deduced, description: "Part of the model's reasoning." })
const SummaryText = openObject({
  type: tag("summary_text"),
  text: z.string().describe("Text of the summary."),
}).meta({
  id: "ResponseSummaryText",
  ...deduced,
  description: "Part of the summary of the model's reasoning.",
})
const InputParts = z.array(openUnion("type", [ResponseInputText, ResponseInputImage, ResponseInputFile]))

/** Text that the model generated, as clients send it back: most leave out what they did not use. */
const ResponseOutputTextParam = ResponseOutputText.extend({
  annotations: z.array(ResponseAnnotation).nullish().describe("Annotations of the text. Default: none."),
}).meta({
  id: "ResponseOutputTextParam",
  ...deduced,
  description: "Output text of an earlier response, sent back. Annotations may be left out.",
})

const messageWith = <Text extends typeof ResponseOutputText | typeof ResponseOutputTextParam>(text: Text) =>
  openObject({
    type: tag("message"),
    role: z.enum(["user", "assistant", "system", "developer"]).describe("Role of the message's author."),
    content: z
      .union([
        z.string(),
        z.array(
          openUnion("type", [
            ResponseInputText,
            ResponseInputImage,
            ResponseInputFile,
            text,
            ResponseRefusal,
          ]),
        ),
      ])
      .describe("Text or parts of the message."),
    id: Id.nullish().describe("ID of the message. Default: none."),
    status: Status.nullish().describe("Status of the message. Default: none."),
  })

/** A message of the input as the server keeps it. */
const ResponseStoredMessage = messageWith(ResponseOutputText).meta({
  id: "ResponseStoredMessage",
  ...deduced,
  description: "Message of the input, as the server keeps it.",
})

/** What a conversation holds before the reply. An earlier `ResponseOutputMessage` can be sent back as one. */
export const ResponseInputMessage = messageWith(ResponseOutputTextParam).meta({
  id: "ResponseInputMessage",
  ...deduced,
  description:
    "Message of the input. A `ResponseOutputMessage` of an earlier response can be sent back as one.",
})
export type ResponseInputMessage = z.infer<typeof ResponseInputMessage>

export const ResponseOutputMessage = openObject({
  type: tag("message"),
  id: Id.describe("ID of the message."),
  role: tag("assistant").describe("Role of the message's author, always `assistant`."),
  status: Status.describe("Status of the message."),
  content: z
    .array(openUnion("type", [ResponseOutputText, ResponseRefusal]))
    .describe("Parts of the message."),
  phase: openEnum(["commentary", "final_answer"])
    .nullish()
    .describe("Whether the message is a comment on the way (`commentary`) or the answer (`final_answer`)."),
}).meta({ id: "ResponseOutputMessage", ...deduced, description: "Message that the model generated." })
export type ResponseOutputMessage = z.infer<typeof ResponseOutputMessage>

const callId = z.string().describe("ID of the call, which its output repeats.")
const answeredId = z.string().describe("ID of the call that this output answers.")

export const ResponseFunctionCall = openObject({
  type: tag("function_call"),
  call_id: callId,
  name: z.string().describe("Name of the function to call."),
  arguments: z
    .string()
    .meta({ description: "Arguments as JSON text, generated by the model. The text may be invalid JSON." }),
  id: Id.nullish().describe("ID of the item. Default: none."),
  status: Status.nullish().describe("Status of the item. Default: none."),
}).meta({ id: "ResponseFunctionCall", ...deduced, description: "Call of a function tool." })
export type ResponseFunctionCall = z.infer<typeof ResponseFunctionCall>

export const ResponseFunctionCallOutput = openObject({
  type: tag("function_call_output"),
  call_id: answeredId,
  output: z.union([z.string(), InputParts]).describe("Output of the function, as text or as parts."),
  id: Id.nullish().describe("ID of the item. Default: none."),
  status: Status.nullish().describe("Status of the item. Default: none."),
}).meta({ id: "ResponseFunctionCallOutput", ...deduced, description: "Output of a called function." })
export type ResponseFunctionCallOutput = z.infer<typeof ResponseFunctionCallOutput>

export const ResponseReasoning = openObject({
  type: tag("reasoning"),
  id: ItemId,
  summary: z.array(SummaryText).describe("Summary of the reasoning; empty unless it was requested."),
  content: z
    .array(ReasoningText)
    .nullish()
    .describe("Reasoning of the model, on servers that return it; otherwise null or absent."),
  encrypted_content: z
    .string()
    .nullish()
    .describe(
      "Encrypted reasoning. Requires `reasoning.encrypted_content` in `include`; otherwise null or absent.",
    ),
  status: Status.nullish().describe("Status of the item. Default: none."),
}).meta({
  id: "ResponseReasoning",
  ...deduced,
  description: "Reasoning of a reasoning model. Send it back in the next request to continue it.",
})
export type ResponseReasoning = z.infer<typeof ResponseReasoning>

const Outcome = openUnion("type", [
  openObject({ type: tag("exit"), exit_code: z.int().describe("Exit code of the command.") }).meta({
    id: "ResponseShellExit",
    ...deduced,
    description: "Outcome of a command that exited.",
  }),
  openObject({ type: tag("timeout") }).meta({
    id: "ResponseShellTimeout",
    ...deduced,
    description: "Outcome of a command that exceeded its time limit.",
  }),
])
const ShellOutput = openObject({
  stdout: z.string().describe("Standard output of the command."),
  stderr: z.string().describe("Standard error output of the command."),
  outcome: Outcome.describe("How the command ended."),
}).meta({ id: "ResponseShellOutput", ...deduced, description: "Output of one shell command." })

const item = <const Type extends string, Shape extends z.core.$ZodLooseShape>(
  type: Type,
  id: string,
  description: string,
  shape: Shape,
) => openObject({ type: tag(type), ...shape }).register(z.globalRegistry, { id, ...deduced, description })

const fileSearchResult = openObject({
  file_id: Id.optional().describe("ID of the file. May be absent."),
  filename: z.string().optional().describe("Name of the file. May be absent."),
  score: z.number().optional().describe("Relevance of the file. May be absent."),
  text: z.string().optional().describe("Text that was found in the file. May be absent."),
})

const WebSearchAction = openUnion("type", [
  item("search", "ResponseSearchAction", "Search of the web.", {
    query: z.string().nullish().describe("Search query. May be absent."),
    queries: z.array(z.string()).nullish().describe("Search queries. May be absent."),
    sources: z
      .array(openObject({ url: z.string().nullish().describe("URL of the source. May be absent.") }))
      .nullish()
      .describe(
        "Sources of the search. Requires `web_search_call.action.sources` in `include`; otherwise absent.",
      ),
  }),
  item("open_page", "ResponseOpenPageAction", "Opening of a web page.", {
    url: z.string().nullish().describe("URL of the page. May be absent."),
  }),
  item("find_in_page", "ResponseFindInPageAction", "Search for a text in a web page.", {
    url: z.string().describe("URL of the page."),
    pattern: z.string().describe("Text to find in the page."),
  }),
])

const PatchOperation = openUnion("type", [
  item("create_file", "ResponseCreateFileOperation", "Creation of a file.", {
    path: z.string().describe("Path of the file."),
    diff: z.string().describe("Diff with the content of the new file."),
  }),
  item("delete_file", "ResponseDeleteFileOperation", "Deletion of a file.", {
    path: z.string().describe("Path of the file."),
  }),
  item("update_file", "ResponseUpdateFileOperation", "Change of a file.", {
    path: z.string().describe("Path of the file."),
    diff: z.string().describe("Diff to apply to the file."),
  }),
])

const serverLabel = z.string().describe("Label of the MCP server, from the tool's definition.")

const ResponseFileSearchCall = item(
  "file_search_call",
  "ResponseFileSearchCall",
  "Search of uploaded files.",
  {
    id: ItemId,
    status: openEnum(["in_progress", "searching", "completed", "incomplete", "failed"]).describe(
      "Status of the search.",
    ),
    queries: z.array(z.string()).describe("Search queries."),
    results: z
      .array(fileSearchResult)
      .nullish()
      .describe(
        "Results of the search. Requires `file_search_call.results` in `include`; otherwise null or absent.",
      ),
  },
)

const ResponseWebSearchCall = item("web_search_call", "ResponseWebSearchCall", "Use of web search.", {
  id: ItemId,
  status: openEnum(["in_progress", "searching", "completed", "failed"]).describe("Status of the search."),
  action: WebSearchAction.nullish().describe(
    "What the model did: search, open a page or find text in one. May be absent.",
  ),
})

const ResponseComputerCall = item(
  "computer_call",
  "ResponseComputerCall",
  "Action of the model on a computer.",
  {
    id: ItemId,
    call_id: callId,
    status: ItemStatus,
    pending_safety_checks: z
      .array(
        openObject({
          id: Id.describe("ID of the check."),
          code: z.string().nullish().describe("Type of the check. Default: none."),
          message: z.string().nullish().describe("Details of the check. Default: none."),
        }),
      )
      .describe("Safety checks to acknowledge before the action is executed."),
    action: openObject({ type: z.string().describe("Type of the action, such as `click`.") })
      .meta({
        id: "ResponseComputerAction",
        ...deduced,
        description: "Action on a computer, such as a click.",
      })
      .nullish()
      .describe("Action to execute. Default: none."),
  },
)

const ResponseCodeInterpreterCall = item(
  "code_interpreter_call",
  "ResponseCodeInterpreterCall",
  "Run of code by the code interpreter.",
  {
    id: ItemId,
    status: openEnum(["in_progress", "completed", "incomplete", "interpreting", "failed"]).describe(
      "Status of the run.",
    ),
    container_id: Id.describe("ID of the container in which the code runs."),
    code: z.string().nullable().describe("Code to run; null if it is not available."),
    outputs: z
      .array(
        openUnion("type", [
          item("logs", "ResponseCodeInterpreterLogs", "Text output of the code interpreter.", {
            logs: z.string().describe("Text that the code printed."),
          }),
          item("image", "ResponseCodeInterpreterImage", "Image output of the code interpreter.", {
            url: z.string().describe("URL of the image."),
          }),
        ]),
      )
      .nullable()
      .describe(
        "Outputs of the code. Requires `code_interpreter_call.outputs` in `include`; null otherwise.",
      ),
  },
)

const ResponseImageGenerationCall = item(
  "image_generation_call",
  "ResponseImageGenerationCall",
  "Generation of an image.",
  {
    id: ItemId,
    status: openEnum(["in_progress", "completed", "generating", "failed"]).describe(
      "Status of the generation.",
    ),
    result: z.string().nullable().meta({ description: "Image in base64; null until it is generated." }),
  },
)

const ResponseLocalShellCall = item(
  "local_shell_call",
  "ResponseLocalShellCall",
  "Call of the local shell.",
  {
    id: ItemId,
    call_id: callId,
    status: ItemStatus,
    action: openObject({
      type: tag("exec"),
      command: z.array(z.string()).describe("Program and arguments to execute."),
      env: z.record(z.string(), z.string()).describe("Environment variables to set."),
      timeout_ms: Count.nullish().describe("Time limit of the command in milliseconds. Default: none."),
      user: z.string().nullish().describe("User to execute the command as. Default: none."),
      working_directory: z.string().nullish().describe("Directory to execute the command in. Default: none."),
    }).describe("Command to execute."),
  },
)

const ResponseLocalShellCallOutput = item(
  "local_shell_call_output",
  "ResponseLocalShellCallOutput",
  "Output of a local shell call.",
  {
    id: ItemId,
    output: z.string().describe("Output of the command, as JSON text."),
  },
)

const ResponseApplyPatchCall = item(
  "apply_patch_call",
  "ResponseApplyPatchCall",
  "Request of the model to change a file.",
  {
    call_id: callId,
    status: openEnum(["in_progress", "completed"]).describe("Status of the call."),
    operation: PatchOperation.describe("Change to make: create, delete or update a file."),
  },
)

const ResponseMcpListTools = item(
  "mcp_list_tools",
  "ResponseMcpListTools",
  "List of the tools of an MCP server.",
  {
    id: ItemId,
    server_label: serverLabel,
    tools: z
      .array(
        openObject({
          name: z.string().describe("Name of the tool."),
          input_schema: z.unknown().describe("JSON Schema of the tool's input."),
          description: z.string().nullish().describe("What the tool does. Default: none."),
        }),
      )
      .describe("Tools of the server."),
    error: z
      .unknown()
      .optional()
      .describe("Error if the server could not list its tools; otherwise null or absent."),
  },
)

const ResponseMcpApprovalRequest = item(
  "mcp_approval_request",
  "ResponseMcpApprovalRequest",
  "Request to approve a call of an MCP tool.",
  {
    id: ItemId,
    server_label: serverLabel,
    name: z.string().describe("Name of the tool."),
    arguments: z.string().describe("Arguments of the call, as JSON text."),
  },
)

const ResponseMcpCall = item("mcp_call", "ResponseMcpCall", "Call of an MCP tool.", {
  id: ItemId,
  server_label: serverLabel,
  name: z.string().describe("Name of the tool."),
  arguments: z.string().describe("Arguments of the call, as JSON text."),
  output: z.string().nullish().describe("Output of the tool. Default: none."),
  error: z.unknown().optional().describe("Error if the call failed; otherwise null or absent."),
})

const ResponseProgram = item("program", "ResponseProgram", "Program that the model wrote to call tools.", {
  id: ItemId,
  call_id: callId,
  code: z.string().describe("Code of the program."),
})

const ResponseProgramOutput = item(
  "program_output",
  "ResponseProgramOutput",
  "Result of a program that calls tools.",
  {
    id: ItemId,
    call_id: answeredId,
    result: z.string().describe("Result of the program."),
  },
)

/** Items that are the same in requests and replies. */
const sharedItems = [
  item("custom_tool_call", "ResponseCustomToolCall", "Call of a custom tool.", {
    call_id: callId,
    name: z.string().describe("Name of the custom tool to call."),
    input: z.string().describe("Input for the custom tool, generated by the model."),
  }),
  item("custom_tool_call_output", "ResponseCustomToolCallOutput", "Output of a called custom tool.", {
    call_id: answeredId,
    output: z.union([z.string(), InputParts]).describe("Output of the custom tool, as text or as parts."),
  }),
  item("computer_call_output", "ResponseComputerCallOutput", "Result of an action on a computer.", {
    call_id: answeredId,
    output: openObject({
      type: tag("computer_screenshot"),
      file_id: Id.nullish().describe("ID of an uploaded screenshot. Default: none."),
      image_url: z
        .string()
        .nullish()
        .describe("URL of the screenshot, or a data URL that contains it. Default: none."),
    }).describe("Screenshot after the action."),
  }),
  item("shell_call", "ResponseShellCall", "Call of the shell.", {
    call_id: callId,
    action: openObject({
      commands: z.array(z.string()).describe("Commands to execute."),
      timeout_ms: Count.nullish().describe("Time limit of the commands in milliseconds. Default: none."),
      max_output_length: Count.nullish().describe(
        "Maximum number of characters of output to return. Default: no limit.",
      ),
    }).describe("Commands to execute and their limits."),
  }),
  item("shell_call_output", "ResponseShellCallOutput", "Output of a shell call.", {
    call_id: answeredId,
    output: z.array(ShellOutput).describe("Outputs of the commands."),
  }),
  item("apply_patch_call_output", "ResponseApplyPatchCallOutput", "Result of a requested file change.", {
    call_id: answeredId,
    status: openEnum(["completed", "failed"]).describe("Whether the change was made."),
    output: z.string().nullish().describe("Log of the change. Default: none."),
  }),
  item("mcp_approval_response", "ResponseMcpApprovalResponse", "Reply to an approval request.", {
    approval_request_id: Id.describe("ID of the approval request."),
    approve: z.boolean().describe("Whether the call is approved."),
    reason: z.string().nullish().describe("Reason for the decision. Default: none."),
  }),
  item("compaction", "ResponseCompaction", "Compacted form of earlier items of the conversation.", {
    encrypted_content: z.string().describe("Encrypted content of the compacted items."),
  }),
  item("tool_search_call", "ResponseToolSearchCall", "Search for tools.", {
    arguments: z.unknown().describe("Arguments of the search."),
  }),
  item("tool_search_output", "ResponseToolSearchOutput", "Tools that a tool search found.", {
    tools: z
      .array(openObject({ type: z.string().describe("Type of the tool.") }))
      .describe("Tools that were found."),
  }),
] as const

/** Items of replies, of which requests may leave out what the server made. */
const madeItems = [
  ResponseFunctionCallOutput,
  ResponseReasoning,
  ResponseFileSearchCall,
  ResponseWebSearchCall,
  ResponseComputerCall,
  ResponseCodeInterpreterCall,
  ResponseImageGenerationCall,
  ResponseLocalShellCall,
  ResponseLocalShellCallOutput,
  ResponseApplyPatchCall,
  ResponseMcpListTools,
  ResponseMcpApprovalRequest,
  ResponseMcpCall,
  ResponseProgram,
  ResponseProgramOutput,
] as const

export const ResponseOutputItem = openUnion("type", [
  ResponseOutputMessage,
  ResponseFunctionCall,
  ...madeItems,
  ...sharedItems,
]).meta({
  id: "ResponseOutputItem",
  ...deduced,
  description: "Item of the output: a message, reasoning, or a tool call or its output.",
})
export type ResponseOutputItem = z.infer<typeof ResponseOutputItem>

const ItemReference = item(
  "item_reference",
  "ResponseItemReference",
  "Reference to an item of an earlier response.",
  { id: Id.describe("ID of the referenced item.") },
)

/** An item as the server keeps it: `type` is always there. */
export const ResponseItem = openUnion("type", [
  ResponseStoredMessage,
  ResponseFunctionCall,
  ...madeItems,
  ...sharedItems,
  ItemReference,
]).meta({
  id: "ResponseItem",
  ...deduced,
  description: "Item of the input: a message, reasoning, a tool call or its output, or a reference.",
})
export type ResponseItem = z.infer<typeof ResponseItem>

const optionalId = { id: Id.nullish().describe("ID of the item. Default: none.") }
const optionalStatus = { status: Status.nullish().describe("Status of the item. Default: none.") }

/** Returns the form that an item has in requests, where clients leave out what only a server can know. */
const replayed = <Shape extends z.core.$ZodLooseShape, Optional extends z.core.$ZodLooseShape>(
  kept: z.ZodObject<Shape, z.core.$strip>,
  optional: Optional,
) => {
  const { id, description, ...provenance } = z.globalRegistry.get(kept) ?? {}
  const sentence = `${description} In a request, members that the server makes may be left out.`
  return kept
    .extend(optional)
    .register(z.globalRegistry, { ...provenance, id: `${id}Param`, description: sentence })
}

const replayedItems = [
  replayed(ResponseFunctionCallOutput, {
    call_id: z
      .string()
      .nullish()
      .describe(
        "ID of the call that this output answers. May be left out if `name` names the function. Default: none.",
      ),
    name: z.string().nullish().describe("Name of the function that made the output. Default: none."),
  }),
  replayed(ResponseReasoning, optionalId),
  replayed(ResponseFileSearchCall, { ...optionalId, ...optionalStatus }),
  replayed(ResponseWebSearchCall, { ...optionalId, ...optionalStatus }),
  replayed(ResponseComputerCall, { ...optionalId, ...optionalStatus }),
  replayed(ResponseCodeInterpreterCall, { ...optionalId, ...optionalStatus }),
  replayed(ResponseImageGenerationCall, { ...optionalId, ...optionalStatus }),
  replayed(ResponseLocalShellCall, {
    ...optionalId,
    ...optionalStatus,
    action: ResponseLocalShellCall.shape.action
      .extend({
        env: z
          .record(z.string(), z.string())
          .nullish()
          .describe("Environment variables to set. Default: none."),
      })
      .describe("Command to execute."),
  }),
  replayed(ResponseLocalShellCallOutput, optionalId),
  replayed(ResponseApplyPatchCall, optionalStatus),
  replayed(ResponseMcpListTools, optionalId),
  replayed(ResponseMcpApprovalRequest, optionalId),
  replayed(ResponseMcpCall, optionalId),
  replayed(ResponseProgram, optionalId),
  replayed(ResponseProgramOutput, optionalId),
] as const

/** An item of a request: messages may go without `type`, and items of earlier replies without what the server made. */
export const ResponseInputItem = z
  .union([
    openUnion("type", [
      ResponseInputMessage,
      ResponseFunctionCall,
      ...replayedItems,
      ...sharedItems,
      ItemReference,
    ]).meta({
      id: "ResponseTypedInputItem",
      ...deduced,
      description: "Item of the input with `type`. Members that the server makes may be left out.",
    }),
    openObject({
      type: z.never().optional(),
      role: ResponseInputMessage.shape.role,
      content: ResponseInputMessage.shape.content,
    }).meta({
      id: "ResponseEasyInputMessage",
      ...deduced,
      description: "Message of the input without `type`.",
    }),
  ])
  .meta({
    id: "ResponseInputItem",
    ...deduced,
    description: "Item of a request's input. Messages may leave out `type`.",
  })
export type ResponseInputItem = z.infer<typeof ResponseInputItem>

const FunctionName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/)
  .describe("Name of the function: letters, digits, `_` and `-`, 1 to 64 characters.")

export const ResponseFunctionTool = openObject({
  type: tag("function"),
  name: FunctionName,
  description: z
    .string()
    .nullish()
    .describe(
      "What the function does. The model uses it to decide when and how to call the function. Default: none.",
    ),
  parameters: JsonSchema.nullish().describe(
    "JSON Schema of the arguments. Default: the function has no parameters.",
  ),
  strict: z
    .boolean()
    .nullish()
    .describe("Whether the arguments must match `parameters` exactly. Default: true."),
}).meta({ id: "ResponseFunctionTool", ...deduced, description: "Function that the model may call." })
export type ResponseFunctionTool = z.infer<typeof ResponseFunctionTool>

const Names = z.array(z.string())

const CustomToolFormat = openUnion("type", [
  CustomToolTextFormat,
  item(
    "grammar",
    "ResponseCustomToolGrammarFormat",
    "Text that matches a grammar as the input of a custom tool.",
    {
      definition: z.string().describe("Definition of the grammar."),
      syntax: z.enum(["lark", "regex"]).describe("Syntax of the definition."),
    },
  ),
])

const ResponseCustomTool = item(
  "custom",
  "ResponseCustomTool",
  "Custom tool, whose input is text instead of JSON arguments.",
  {
    name: z.string().describe("Name of the custom tool."),
    description: z.string().optional().describe("What the custom tool does. Default: none."),
    format: CustomToolFormat.optional().describe("Format of the tool's input. Default: unconstrained text."),
  },
)

const ResponseFileSearchTool = item(
  "file_search",
  "ResponseFileSearchTool",
  "Built-in tool that searches uploaded files.",
  {
    vector_store_ids: Names.describe("IDs of the vector stores to search."),
    max_num_results: z
      .int()
      .min(1)
      .optional()
      .describe("Maximum number of results; at least 1. Default: chosen by the gateway."),
  },
)

const ResponseWebSearchTool = openObject({
  type: z
    .enum(["web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11"])
    .describe("Version of the tool."),
  search_context_size: openEnum(["low", "medium", "high"])
    .optional()
    .describe("How much of the context window search results may fill. Default: `medium`."),
}).meta({ id: "ResponseWebSearchTool", ...deduced, description: "Built-in tool that searches the web." })

const ResponseComputerTool = item(
  "computer",
  "ResponseComputerTool",
  "Built-in tool that controls a computer.",
  {},
)

const ResponseComputerPreviewTool = item(
  "computer_use_preview",
  "ResponseComputerPreviewTool",
  "Preview version of the built-in tool that controls a computer.",
  {
    display_width: z.int().min(1).describe("Width of the display in pixels; at least 1."),
    display_height: z.int().min(1).describe("Height of the display in pixels; at least 1."),
    environment: openEnum(["windows", "mac", "linux", "ubuntu", "browser"]).describe(
      "Environment of the computer.",
    ),
  },
)

const ResponseMcpTool = item("mcp", "ResponseMcpTool", "Tools of a remote MCP server.", {
  server_label: z.string().describe("Label of the server, which identifies it in tool calls."),
  server_url: z.string().optional().describe("URL of the server. Default: none."),
  server_description: z.string().optional().describe("What the server offers. Default: none."),
  connector_id: z
    .string()
    .optional()
    .describe("ID of a service connector, instead of `server_url`. Default: none."),
  authorization: z
    .string()
    .optional()
    .describe("OAuth access token for the server. A secret. Default: none."),
  headers: z
    .record(z.string(), z.string())
    .nullish()
    .describe("HTTP headers to send to the server. Default: none."),
  allowed_tools: z
    .union([
      Names,
      openObject({ tool_names: Names.optional().describe("Names of the tools. Default: all tools.") }).meta({
        id: "ResponseMcpToolFilter",
        ...deduced,
        description: "Selects tools of an MCP server.",
      }),
      z.null(),
    ])
    .optional()
    .describe("Tools that the model may call, as names or as a filter. Default: all."),
  require_approval: z
    .union([
      z.enum(["always", "never"]),
      openObject({}).meta({
        id: "ResponseMcpApprovalFilter",
        ...deduced,
        description: "Selects the tools whose calls need approval.",
      }),
      z.null(),
    ])
    .optional()
    .describe("Which tool calls need approval: `always`, `never`, or a filter. Default: `always`."),
})

const ResponseCodeInterpreterTool = item(
  "code_interpreter",
  "ResponseCodeInterpreterTool",
  "Built-in tool that runs code.",
  {
    container: z
      .union([
        z.string(),
        item("auto", "ResponseAutoContainer", "Container that is created for the request.", {
          file_ids: Names.optional().describe(
            "IDs of uploaded files to make available to the code. Default: none.",
          ),
        }),
      ])
      .describe("ID of the container in which the code runs, or an object to create one."),
  },
)

const ResponseImageGenerationTool = item(
  "image_generation",
  "ResponseImageGenerationTool",
  "Built-in tool that generates images.",
  {
    model: z
      .string()
      .optional()
      .describe("ID of the model that generates the image. Default: chosen by the gateway."),
  },
)

const ResponseBuiltInTool = openObject({
  type: z
    .enum(["local_shell", "shell", "apply_patch", "tool_search", "programmatic_tool_calling"])
    .describe("Type of the tool."),
}).meta({ id: "ResponseBuiltInTool", ...deduced, description: "Built-in tool without described options." })

const ResponseNamespaceTool = item("namespace", "ResponseNamespaceTool", "Group of tools under one name.", {
  name: z.string().describe("Name of the namespace."),
  description: z.string().describe("What the tools of the namespace are for."),
  tools: z
    .array(
      openObject({
        type: z.string().describe("Type of the tool."),
        name: z.string().describe("Name of the tool."),
      }),
    )
    .describe("Tools of the namespace."),
})

export const ResponseTool = openUnion("type", [
  ResponseFunctionTool,
  ResponseCustomTool,
  ResponseFileSearchTool,
  ResponseWebSearchTool,
  ResponseComputerTool,
  ResponseComputerPreviewTool,
  ResponseMcpTool,
  ResponseCodeInterpreterTool,
  ResponseImageGenerationTool,
  ResponseBuiltInTool,
  ResponseNamespaceTool,
]).meta({
  id: "ResponseTool",
  ...deduced,
  description: "Tool that the model may call: a function, a custom tool, a built-in tool or an MCP server.",
})
export type ResponseTool = z.infer<typeof ResponseTool>

const ResponseHostedToolChoice = openObject({
  type: z
    .enum([
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
    ])
    .describe("Type of the tool."),
}).meta({
  id: "ResponseHostedToolChoice",
  ...deduced,
  description: "Makes the model call a built-in tool.",
})

export const ResponseToolChoice = z
  .union([
    z.enum(["none", "auto", "required"]),
    openUnion("type", [
      item("function", "ResponseFunctionToolChoice", "Makes the model call one function.", {
        name: z.string().describe("Name of the function."),
      }),
      item("custom", "ResponseCustomToolChoice", "Makes the model call one custom tool.", {
        name: z.string().describe("Name of the custom tool."),
      }),
      item("mcp", "ResponseMcpToolChoice", "Makes the model call a tool of one MCP server.", {
        server_label: serverLabel,
        name: z.string().nullish().describe("Name of the tool. Default: any tool of the server."),
      }),
      item("allowed_tools", "ResponseAllowedToolsChoice", "Limits the model to some of the `tools`.", {
        mode: z
          .enum(["auto", "required"])
          .describe(
            "`auto` lets the model call an allowed tool or reply, `required` makes it call at least one.",
          ),
        tools: z
          .array(openObject({ type: z.string().describe("Type of the tool.") }))
          .describe('Tools that the model may call, such as `{"type": "function", "name": "get_weather"}`.'),
      }),
      ResponseHostedToolChoice,
    ]),
  ])
  .meta({
    id: "ResponseToolChoice",
    ...deduced,
    description:
      "`none` for no tool calls, `auto` to let the model decide, `required` for at least one call, or an object that " +
      "names tools.",
  })
export type ResponseToolChoice = z.infer<typeof ResponseToolChoice>

export const ResponseTextConfig = openObject({
  format: openUnion("type", [
    TextFormat,
    JsonObjectFormat,
    item("json_schema", "ResponseJsonSchemaFormat", "Output that is JSON described by a schema.", {
      name: z
        .string()
        .regex(/^[a-zA-Z0-9_-]{1,64}$/)
        .describe("Name of the format: letters, digits, `_` and `-`, 1 to 64 characters."),
      schema: JsonSchema.describe("JSON Schema of the output."),
      description: z.string().nullish().describe("What the format is for. Default: none."),
      strict: z
        .boolean()
        .nullish()
        .describe("Whether the output must match `schema` exactly. Default: false."),
    }),
  ])
    .optional()
    .describe("Format of the output: text, any JSON object, or JSON that matches a schema. Default: text."),
  verbosity: openEnum(["low", "medium", "high"])
    .nullish()
    .describe("How detailed the output is. Default: `medium`."),
}).meta({ id: "ResponseTextConfig", ...deduced, description: "Options of the text output." })
export type ResponseTextConfig = z.infer<typeof ResponseTextConfig>

const Reasoning = openObject({
  effort: openEnum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])
    .nullish()
    .describe("How much the model reasons before it replies. Default: chosen by the gateway for each model."),
  summary: openEnum(["auto", "concise", "detailed"])
    .nullish()
    .describe("Whether and how to summarize the reasoning. Default: no summary."),
}).meta({ id: "ResponseReasoningConfig", ...deduced, description: "Options for reasoning models." })
const Metadata = z.record(z.string(), z.string())
const Prompt = openObject({
  id: Id.describe("ID of the prompt template."),
  version: z.string().nullish().describe("Version of the prompt template. Default: the current version."),
  variables: JsonSchema.nullish().describe(
    "Values for the variables of the template, by name. Default: none.",
  ),
}).meta({ id: "ResponsePromptReference", ...deduced, description: "Reference to a stored prompt template." })
const Conversation = openObject({ id: Id.describe("ID of the conversation.") }).meta({
  id: "ResponseConversation",
  ...deduced,
  description: "Reference to a conversation.",
})
const ResponseStreamOptions = openObject({
  include_obfuscation: z
    .boolean()
    .optional()
    .describe(
      "Whether events may contain `obfuscation`, random padding that hides their length. Default: chosen by the gateway; true at OpenAI.",
    ),
}).meta({
  id: "ResponseStreamOptions",
  ...deduced,
  description: "Options of a stream. Only used when `stream` is true; ignored otherwise.",
})

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
  top_logprobs: Count.nullish().describe(
    "Number of most likely tokens that were requested for each position.",
  ),
  user: z
    .string()
    .nullish()
    .describe("Identifier of the end user. Use `safety_identifier` and `prompt_cache_key` instead."),
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
      description: "Whether to return server-sent events. Default: false.",
    }),
  stream_options: ResponseStreamOptions.nullish().describe(
    "Options of the stream. Only used when `stream` is true; ignored otherwise. Default: those of its members.",
  ),
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
  tools: z.array(ResponseTool).optional().describe("Tools that the model may call. Default: none."),
  tool_choice: ResponseToolChoice.nullish().describe(
    "Controls which tool the model calls, if any. `required` and named tools require `tools`. Default: `none` without `tools`, `auto` with them.",
  ),
  parallel_tool_calls: z
    .boolean()
    .nullish()
    .meta({ default: true })
    .describe("Whether the model may call several tools at once. Default: true."),
  metadata: Metadata.nullish().describe("Key-value pairs to attach to the response. Default: none."),
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
    .nullish()
    .describe("Additional members to return. Default: none."),
  conversation: z
    .union([z.string(), Conversation, z.null()])
    .optional()
    .describe(
      "Conversation that the response belongs to. Cannot be combined with `previous_response_id`. Default: none.",
    ),
  max_output_tokens: z
    .int()
    .min(16)
    .nullish()
    .describe(
      "Maximum number of tokens to generate, including reasoning tokens; at least 16. Default: no limit except that of the model.",
    ),
  max_tool_calls: z
    .int()
    .min(1)
    .nullish()
    .describe("Maximum number of calls to built-in tools; at least 1. Default: no limit."),
  top_logprobs: z
    .int()
    .min(0)
    .max(20)
    .nullish()
    .describe("Number of most likely tokens to return at each position, from 0 to 20. Default: 0."),
  instructions: echoed.instructions.describe(
    "System or developer message for this response only. Default: none.",
  ),
  previous_response_id: echoed.previous_response_id.describe(
    "ID of the response that this one continues. Cannot be combined with `conversation`. Default: none.",
  ),
  reasoning: echoed.reasoning.describe("Options for reasoning models. Default: those of its members."),
  text: echoed.text.describe("Format and verbosity of the text output. Default: those of its members."),
  prompt: echoed.prompt.describe("Reference to a prompt template and its variables. Default: none."),
  service_tier: echoed.service_tier.describe("Processing tier for the request. Default: `auto`."),
  safety_identifier: echoed.safety_identifier.describe(
    "Stable identifier of the end user for abuse detection. Default: none.",
  ),
  prompt_cache_key: echoed.prompt_cache_key.describe(
    "Key that groups requests with similar prompts for prompt caching. Default: none.",
  ),
  user: echoed.user
    .meta({ deprecated: true })
    .describe(
      "Identifier of the end user. Use `safety_identifier` and `prompt_cache_key` instead. Default: none.",
    ),
  store: echoed.store
    .meta({ default: true })
    .describe("Whether to store the response, so that it can be retrieved later. Default: true."),
  background: echoed.background
    .meta({ default: false })
    .describe("Whether to generate the response in the background. Default: false."),
  truncation: echoed.truncation
    .meta({ default: "disabled" })
    .describe(
      "How to handle input beyond the context window: `auto` drops items, `disabled` fails with 400. Default: `disabled`.",
    ),
}).meta({ id: "ResponseRequest", ...deduced, description: "Request for a response." })
export type ResponseRequest = z.infer<typeof ResponseRequest>

const InputTokensDetails = openObject({
  cached_tokens: Count.nullish().describe("Number of input tokens that were read from the prompt cache."),
  cache_write_tokens: Count.nullish().describe(
    "Number of input tokens that were written to the prompt cache.",
  ),
}).meta({ id: "ResponseInputTokensDetails", ...deduced, description: "Breakdown of the input tokens." })

const OutputTokensDetails = openObject({
  reasoning_tokens: Count.nullish().describe("Number of tokens that the model spent on reasoning."),
}).meta({ id: "ResponseOutputTokensDetails", ...deduced, description: "Breakdown of the output tokens." })

export const ResponseUsage = openObject({
  input_tokens: Count.describe("Number of tokens in the input."),
  input_tokens_details: InputTokensDetails.nullish().describe("Breakdown of the input tokens."),
  output_tokens: Count.describe("Number of tokens in the output."),
  output_tokens_details: OutputTokensDetails.nullish().describe("Breakdown of the output tokens."),
  total_tokens: Count.describe("Sum of `input_tokens` and `output_tokens`."),
}).meta({ id: "ResponseUsage", ...deduced, description: "Token usage of a response." })
export type ResponseUsage = z.infer<typeof ResponseUsage>

export const ResponseError = openObject({
  code: openEnum(["server_error", "rate_limit_exceeded", "invalid_prompt"]).describe(
    "Machine-readable error code.",
  ),
  message: z.string().describe("Human-readable description of the error."),
}).meta({ id: "ResponseError", ...deduced, description: "Error that made a response fail." })
export type ResponseError = z.infer<typeof ResponseError>

const IncompleteDetails = openObject({
  reason: openEnum(["max_output_tokens", "content_filter"])
    .optional()
    .describe("`max_output_tokens` for a token limit, `content_filter` for filtered content."),
}).meta({
  id: "ResponseIncompleteDetails",
  ...deduced,
  description: "Details of an incomplete response.",
})

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
  status: openEnum(responseStatuses).optional().describe("Status of the response."),
  error: ResponseError.nullable().describe("Error that made the response fail; null otherwise."),
  incomplete_details: IncompleteDetails.nullable().describe(
    "Reason why the response is incomplete; null otherwise.",
  ),
  instructions: z
    .union([z.string(), z.array(ResponseInputItem), z.null()])
    .describe("System or developer message of the request, as text or as items."),
  metadata: Metadata.nullable().describe("Key-value pairs attached to the response."),
  model: z.string().describe("Model that generated the response."),
  output: z.array(ResponseOutputItem).describe("Items that the model generated."),
  parallel_tool_calls: z.boolean().describe("Whether the model may call several tools at once."),
  temperature: z.number().nullable().describe("Sampling temperature, from 0 to 2."),
  presence_penalty: z.number().nullish().describe("Penalty for tokens that have appeared, from -2 to 2."),
  frequency_penalty: z.number().nullish().describe("Penalty for frequent tokens, from -2 to 2."),
  top_p: z.number().nullable().describe("Nucleus sampling probability mass, from 0 to 1."),
  tool_choice: ResponseToolChoice.describe("Which tool the model was to call, if any."),
  tools: z.array(ResponseTool).describe("Tools that the model could call."),
  usage: ResponseUsage.nullish().describe("Token usage. Null until the response has ended."),
  conversation: Conversation.nullish().describe("Conversation that the response belongs to."),
}).meta({
  id: "ResponseObject",
  ...deduced,
  description: "Response of the model, with the options that it was generated with.",
})
export type ResponseObject = z.infer<typeof ResponseObject>

export const ResponseDeleted = openObject({
  id: Id.describe("ID of the deleted response."),
  object: z.string().describe("Type of the deleted object, such as `response`."),
  deleted: z.literal(true).describe("Always true."),
}).meta({ id: "ResponseDeleted", ...deduced, description: "Confirmation that a response was deleted." })
export type ResponseDeleted = z.infer<typeof ResponseDeleted>

export const ResponseItemList = openObject({
  object: z.literal("list").describe("Type of the object, always `list`."),
  data: z.array(ResponseItem).describe("Items of this page."),
  first_id: z.string().nullish().describe("ID of the first item of this page."),
  last_id: z.string().nullish().describe("ID of the last item of this page."),
  has_more: z.boolean().describe("Whether more items follow this page."),
}).meta({ id: "ResponseItemList", ...deduced, description: "One page of items." })
export type ResponseItemList = z.infer<typeof ResponseItemList>

/** Returns the component name of an event: `response.output_text.delta` is `ResponseOutputTextDeltaEvent`. */
const eventId = (type: string): string => {
  const words = type.split(/[._]/).filter((word) => word !== "response")
  const names = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `Response${names.join("")}Event`
}

const event = <const Type extends string, Shape extends z.core.$ZodLooseShape>(
  type: Type,
  description: string,
  shape: Shape,
) =>
  openObject({
    type: tag(type).describe(`Type of the event, always \`${type}\`. Also sent as the SSE field \`event\`.`),
    sequence_number: Count.describe("Position of the event in the stream, counted from 0."),
    ...shape,
  }).register(z.globalRegistry, { id: eventId(type), title: type, description, ...deduced })

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
const logprobs = z
  .array(
    openObject({
      token: z.string().describe("Text of the token."),
      logprob: z.number().describe("Natural logarithm of the token's probability."),
    }),
  )
  .nullish()
  .describe(
    "Log probabilities of the tokens. Requires `message.output_text.logprobs` in `include`; otherwise empty, null or absent.",
  )
const Part = openUnion("type", [ResponseOutputText, ResponseRefusal, ReasoningText])
const openedPart = Part.describe("Content part, still empty.")
const closedPart = Part.describe("Complete content part.")
const command = z.string().describe("Command, as far as it is known.")

/** Every event of OpenAI's API reference, and any other: the list has grown before. */
export const ResponseStreamEvent = openUnion("type", [
  event("response.created", "The response was created. First event of a stream.", ofResponse),
  event("response.queued", "The response waits to be processed.", ofResponse),
  event("response.in_progress", "The response is being generated.", ofResponse),
  event("response.completed", "The response is complete. Last event of a stream.", ofResponse),
  event("response.failed", "The response failed. Last event of a stream.", ofResponse),
  event(
    "response.incomplete",
    "The response ended before it was complete, for example at a token limit. Last event of a stream.",
    ofResponse,
  ),
  event("response.output_item.added", "An output item was started.", {
    output_index: outputIndex,
    item: ResponseOutputItem.describe("Output item, still without content."),
  }),
  event("response.output_item.done", "An output item is complete.", {
    output_index: outputIndex,
    item: ResponseOutputItem.describe("Complete output item."),
  }),
  event("response.content_part.added", "A content part was started.", { ...ofContent, part: openedPart }),
  event("response.content_part.done", "A content part is complete.", { ...ofContent, part: closedPart }),
  event("response.output_text.delta", "Output text was extended.", {
    ...ofContent,
    delta: z.string().describe("Next fragment of the text."),
    logprobs,
    obfuscation,
  }),
  event("response.output_text.done", "Output text is complete.", {
    ...ofContent,
    text: z.string().describe("Complete text."),
    logprobs,
  }),
  event("response.output_text.annotation.added", "An annotation was added to output text.", {
    ...ofContent,
    annotation_index: Count.describe("Position of the annotation, counted from 0."),
    annotation: ResponseAnnotation.nullable().describe("Annotation that was added."),
  }),
  event("response.refusal.delta", "A refusal was extended.", { ...ofContent, delta, obfuscation }),
  event("response.refusal.done", "A refusal is complete.", {
    ...ofContent,
    refusal: z.string().describe("Complete refusal."),
  }),
  event("response.function_call_arguments.delta", "The arguments of a function call were extended.", {
    ...ofItem,
    delta: z.string().describe("Next fragment of the arguments, which are JSON text."),
    obfuscation,
  }),
  event("response.function_call_arguments.done", "The arguments of a function call are complete.", {
    ...ofItem,
    name: z.string().nullish().describe("Name of the function to call."),
    arguments: z.string().describe("Complete arguments, as JSON text."),
  }),
  event("response.custom_tool_call_input.delta", "The input of a custom tool call was extended.", {
    ...ofItem,
    delta: z.string().describe("Next fragment of the input."),
    obfuscation,
  }),
  event("response.custom_tool_call_input.done", "The input of a custom tool call is complete.", {
    ...ofItem,
    input: z.string().describe("Complete input."),
  }),
  event("response.reasoning_text.delta", "The reasoning was extended.", { ...ofContent, delta, obfuscation }),
  event("response.reasoning_text.done", "The reasoning is complete.", {
    ...ofContent,
    text: z.string().describe("Complete text of the reasoning."),
  }),
  event("response.reasoning_summary_part.added", "A part of the reasoning summary was started.", {
    ...ofSummary,
    part: SummaryText.describe("Summary part, still empty."),
  }),
  event("response.reasoning_summary_part.done", "A part of the reasoning summary is complete.", {
    ...ofSummary,
    part: SummaryText.describe("Complete summary part."),
    status: z.string().nullish().describe("`incomplete` if the summary part was cut off."),
  }),
  event("response.reasoning_summary_text.delta", "The text of the reasoning summary was extended.", {
    ...ofSummary,
    delta: z.string().describe("Next fragment of the summary."),
    obfuscation,
  }),
  event("response.reasoning_summary_text.done", "The text of the reasoning summary is complete.", {
    ...ofSummary,
    text: z.string().describe("Complete text of the summary part."),
  }),
  event("response.audio.delta", "Audio output was extended.", {
    delta: z.string().describe("Next fragment of the audio, encoded in base64."),
  }),
  event("response.audio.done", "Audio output is complete.", {}),
  event("response.audio.transcript.delta", "The transcript of audio output was extended.", {
    delta: z.string().describe("Next fragment of the transcript."),
  }),
  event("response.audio.transcript.done", "The transcript of audio output is complete.", {}),
  event("response.file_search_call.in_progress", "A file search was started.", ofItem),
  event("response.file_search_call.searching", "A file search is searching.", ofItem),
  event("response.file_search_call.completed", "A file search is complete.", ofItem),
  event("response.web_search_call.in_progress", "A web search was started.", ofItem),
  event("response.web_search_call.searching", "A web search is searching.", ofItem),
  event("response.web_search_call.completed", "A web search is complete.", ofItem),
  event("response.code_interpreter_call.in_progress", "A code interpreter call was started.", ofItem),
  event("response.code_interpreter_call.interpreting", "The code interpreter is running the code.", ofItem),
  event("response.code_interpreter_call.completed", "A code interpreter call is complete.", ofItem),
  event("response.code_interpreter_call_code.delta", "The code of a code interpreter call was extended.", {
    ...ofItem,
    delta: z.string().describe("Next fragment of the code."),
    obfuscation,
  }),
  event("response.code_interpreter_call_code.done", "The code of a code interpreter call is complete.", {
    ...ofItem,
    code: z.string().describe("Complete code."),
  }),
  event("response.image_generation_call.in_progress", "An image generation was started.", ofItem),
  event("response.image_generation_call.generating", "An image is being generated.", ofItem),
  event("response.image_generation_call.completed", "An image generation is complete.", ofItem),
  event("response.image_generation_call.partial_image", "A preview of a generated image is available.", {
    ...ofItem,
    partial_image_index: Count.describe("Position of the preview, counted from 0."),
    partial_image_b64: z.string().describe("Preview of the image, encoded in base64."),
    size: z.string().nullish().describe("Size of the image in pixels, as `WIDTHxHEIGHT`."),
    quality: z.string().nullish().describe("Quality of the image."),
    background: z.string().nullish().describe("Background of the image, such as `transparent`."),
    output_format: z.string().nullish().describe("File format of the image, such as `png`."),
  }),
  event("response.mcp_call_arguments.delta", "The arguments of an MCP tool call were extended.", {
    ...ofItem,
    delta: z.string().describe("Next fragment of the arguments, which are JSON text."),
    obfuscation,
  }),
  event("response.mcp_call_arguments.done", "The arguments of an MCP tool call are complete.", {
    ...ofItem,
    arguments: z.string().describe("Complete arguments, as JSON text."),
  }),
  event("response.mcp_call.in_progress", "An MCP tool call was started.", ofItem),
  event("response.mcp_call.completed", "An MCP tool call is complete.", ofItem),
  event("response.mcp_call.failed", "An MCP tool call failed.", ofItem),
  event("response.mcp_list_tools.in_progress", "The tools of an MCP server are being listed.", ofItem),
  event("response.mcp_list_tools.completed", "The tools of an MCP server were listed.", ofItem),
  event("response.mcp_list_tools.failed", "The tools of an MCP server could not be listed.", ofItem),
  event("response.shell_call_command.added", "A shell command was started.", { ...ofCommand, command }),
  event("response.shell_call_command.delta", "A shell command was extended.", {
    ...ofCommand,
    delta: z.string().describe("Next fragment of the command."),
    obfuscation,
  }),
  event("response.shell_call_command.done", "A shell command is complete.", {
    ...ofCommand,
    command: z.string().describe("Complete command."),
  }),
  event("response.shell_call_output_content.delta", "The output of a shell command was extended.", {
    ...ofCommand,
    item_id: ofItem.item_id,
    delta: openObject({
      stdout: z.string().optional().describe("Next fragment of the standard output."),
      stderr: z.string().optional().describe("Next fragment of the standard error output."),
    }).describe("Next fragment of the output."),
  }),
  event("response.shell_call_output_content.done", "The output of a shell command is complete.", {
    ...ofCommand,
    item_id: ofItem.item_id,
    output: z.array(ShellOutput).describe("Complete output."),
  }),
  event("error", "The stream failed. No other events follow, except possibly `response.failed`.", {
    code: z.string().nullish().describe("Machine-readable error code, or null."),
    message: z.string().describe("Human-readable description of the error."),
    param: z.string().nullish().describe("Path of the invalid parameter, or null."),
  }),
]).meta({
  id: "ResponseStreamEvent",
  ...deduced,
  description: "Event of a Responses stream. Clients should skip events with an unknown `type`.",
})
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

const weatherTool = {
  type: "function",
  name: "get_weather",
  description: "Returns the current weather in a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
} satisfies ResponseTool
const call = {
  type: "function_call",
  id: "fc_abc123",
  call_id: "call_abc123",
  name: "get_weather",
  arguments: '{"city":"Paris"}',
  status: "completed",
} satisfies ResponseFunctionCall

const calling = {
  ...example,
  id: "resp_abc124",
  tools: [weatherTool],
  output: [call],
} satisfies ResponseObject
const callingOpened = { ...opened, id: calling.id, tools: calling.tools } satisfies ResponseObject
const atCall = { item_id: call.id, output_index: 0 }

const callEvents = [
  { type: "response.created", sequence_number: 0, response: callingOpened },
  { type: "response.in_progress", sequence_number: 1, response: callingOpened },
  {
    type: "response.output_item.added",
    sequence_number: 2,
    output_index: 0,
    item: { ...call, status: "in_progress", arguments: "" },
  },
  { type: "response.function_call_arguments.delta", sequence_number: 3, ...atCall, delta: '{"city":' },
  { type: "response.function_call_arguments.delta", sequence_number: 4, ...atCall, delta: '"Paris"}' },
  {
    type: "response.function_call_arguments.done",
    sequence_number: 5,
    ...atCall,
    name: call.name,
    arguments: call.arguments,
  },
  { type: "response.output_item.done", sequence_number: 6, output_index: 0, item: call },
  { type: "response.completed", sequence_number: 7, response: calling },
] satisfies ResponseStreamEvent[]

const chosenNames = ({ tool_choice }: ResponseRequest): string[] =>
  typeof tool_choice === "object" && (tool_choice?.type === "function" || tool_choice?.type === "custom")
    ? [tool_choice.name]
    : []

export const createResponse = endpoint({
  operationId: "createResponse",
  surface: "responses",
  method: "POST",
  path: "/responses",
  summary: "Create a model response",
  description:
    "Generates a response to a text or a list of items. Returns one response object by default. With " +
    "`stream: true`, returns server-sent events and ends the stream with `data: [DONE]`.",
  provenance: "documented",
  request: {
    mediaType: "application/json",
    schema: ResponseRequest,
    examples: {
      text: {
        summary: "Text",
        provenance: "deduced",
        value: { model: "gpt-4o", input: "Hello" } satisfies ResponseRequest,
      },
      stream: {
        summary: "Stream",
        provenance: "deduced",
        value: { model: "gpt-4o", input: "Write a poem", stream: true } satisfies ResponseRequest,
      },
      items: {
        summary: "Instructions and a conversation with the output of a tool call",
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
          tools: [weatherTool],
        } satisfies ResponseRequest,
      },
      tools: {
        summary: "Function tool",
        provenance: "deduced",
        value: {
          model: "gpt-4o",
          input: "What is the weather in Paris?",
          tools: [weatherTool],
          tool_choice: "auto",
        } satisfies ResponseRequest,
      },
    },
  },
  success: {
    status: 200,
    description: "The response, as one object or as a stream of events.",
    content: {
      "application/json": { kind: "json", schema: ResponseObject },
      "text/event-stream": {
        kind: "stream",
        item: ResponseStreamEvent,
        examples: {
          text: { summary: "Text", provenance: "deduced", value: events },
          toolCall: { summary: "Tool call", provenance: "deduced", value: callEvents },
        },
      },
    },
    provenance: "documented",
  },
  examples: {
    text: { summary: "Text", provenance: "deduced", value: example },
    toolCall: { summary: "Tool call", provenance: "deduced", value: calling },
  },
  errors: bodyErrors,
  checks: [
    {
      param: "previous_response_id",
      says: "`previous_response_id` and `conversation` cannot be used together.",
      provenance: "deduced",
      holds: ({ previous_response_id, conversation }) => previous_response_id == null || conversation == null,
    },
    {
      param: "tool_choice",
      says: '`tool_choice: "required"` requires at least one tool in `tools`.',
      provenance: "deduced",
      holds: ({ tool_choice, tools }) => tool_choice !== "required" || (tools ?? []).length > 0,
    },
    {
      param: "tool_choice",
      says: "Every tool named in `tool_choice` must be listed in `tools`.",
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

const byId = z.object({ response_id: z.string().min(1).meta({ description: "ID of the response." }) })

export const retrieveResponse = endpoint({
  operationId: "retrieveResponse",
  surface: "responses",
  method: "GET",
  path: "/responses/{response_id}",
  summary: "Retrieve a response",
  description: "Returns a stored response. Requires that it was created with `store: true` (the default).",
  provenance: "deduced",
  params: byId,
  query: z.object({
    stream: z.boolean().optional().meta({
      default: false,
      description: "Whether to return the events of the response. Default: false. Only some servers can.",
    }),
  }),
  success: {
    status: 200,
    description: "The response.",
    content: { "application/json": { kind: "json", schema: ResponseObject } },
    provenance: "deduced",
  },
  examples: { text: { summary: "Text", provenance: "deduced", value: example } },
  errors: [400, 401, 403, 404, 429, 500, 503],
  checks: [],
})

export const deleteResponse = endpoint({
  operationId: "deleteResponse",
  surface: "responses",
  method: "DELETE",
  path: "/responses/{response_id}",
  summary: "Delete a response",
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
  summary: "List the input items of a response",
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
      .meta({ description: "ID of the item after which the page starts. Default: the first page." }),
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
