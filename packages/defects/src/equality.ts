import type { ChatCompletionChoice, ChatCompletionRequest, CompletionUsage } from "@nexhina/schemas"
import type { Alteration } from "@nexhina/wire"
import { onChoices } from "./chat-completions.ts"
import { type Defect, onReply, without } from "./defect.ts"

type Stage<Name extends Alteration["stage"]> = Extract<Alteration, { stage: Name }>

/** Changes each choice of what a stream tells. */
const onStreamedChoices = (
  change: (choice: ChatCompletionChoice, request: ChatCompletionRequest) => object,
): Stage<"value"> => onChoices((choice, request) => (request.stream ? change(choice, request) : choice))

/** Changes how many tokens of the prompt a stream counts. */
const onStreamedPrompt = (change: (tokens: number) => number): Stage<"value"> =>
  onReply("createChatCompletion", (completion, { streaming }) => {
    const { usage } = completion
    return streaming && usage
      ? { ...completion, usage: counting(usage, change(usage.prompt_tokens)) }
      : completion
  })

const counting = (usage: CompletionUsage, prompt_tokens: number) => ({
  ...usage,
  prompt_tokens,
  total_tokens: prompt_tokens + usage.completion_tokens,
})

const hasCalls = ({ message }: ChatCompletionChoice) => Boolean(message.tool_calls?.length)

/** Whether nothing but a message in prose is asked for. */
const isPlain = ({ tools, response_format, stop, logprobs }: ChatCompletionRequest) =>
  [tools, response_format, stop, logprobs].every((member) => member == null)

const modes = 'Streaming Output Guide, "Streaming vs. Non-Streaming Comparison"'
const both = ["stream.equals-nonstream", "stream.equals-nonstream-shape"]

export const equalityDefects: readonly Defect[] = [
  {
    id: "n-choices-cross-contamination",
    says: "in a stream, the text of a choice is sent with the index of another choice",
    breaks: "stream.equals-nonstream",
    fault: "text",
    also: [],
    seen: ["https://github.com/ai-dynamo/dynamo/pull/11563"],
    ...onReply("createChatCompletion", (completion, { streaming }) => {
      const texts = completion.choices.map(({ message, logprobs }) => ({
        content: message.content,
        logprobs,
      }))
      if (!streaming || !texts.every(({ content }) => content)) return completion
      const choices = completion.choices.map((choice, at) => {
        const { content, logprobs } = texts.at(-1 - at) ?? {}
        return { ...choice, message: { ...choice.message, content }, ...(logprobs && { logprobs }) }
      })
      return { ...completion, choices }
    }),
  },
  {
    id: "refusal-as-text-in-stream",
    says: "in a stream, a refusal is sent as content",
    breaks: "stream.equals-nonstream",
    fault: "refusal",
    also: ["stream.equals-nonstream-shape"],
    seen: ["OpenAI API reference, the chat completion object: choices[].message.refusal"],
    ...onChoices((choice, request) => {
      if (choice.finish_reason !== "stop" || !isPlain(request)) return choice
      const refusal = "I cannot help with that."
      const message = request.stream ? { content: refusal, refusal: null } : { content: null, refusal }
      return { ...choice, message: { ...choice.message, ...message } }
    }),
  },
  {
    id: "tool-args-dropped",
    says: "streamed tool calls have no arguments",
    breaks: "stream.equals-nonstream",
    fault: "calls",
    also: ["tool.args-no-parameter-empty", "tool.stream-args-concat", "tool.stream-args-concat-lax"],
    seen: ["https://github.com/vllm-project/vllm/pull/48852"],
    ...onStreamedChoices((choice) => {
      if (!hasCalls(choice)) return choice
      const tool_calls = choice.message.tool_calls?.map((call) =>
        call.type === "function" ? { ...call, function: { ...call.function, arguments: "" } } : call,
      )
      return { ...choice, message: { ...choice.message, tool_calls } }
    }),
  },
  {
    id: "tool-finish-differs-by-mode",
    says: "the finish_reason of a choice with tool calls is stop in a stream, and tool_calls otherwise",
    breaks: "stream.equals-nonstream",
    fault: "finish-reason",
    also: ["stream.equals-nonstream-shape", "tool.finish-not-stop"],
    seen: ["https://github.com/googleapis/python-genai/issues/2868"],
    ...onStreamedChoices((choice) =>
      choice.finish_reason === "tool_calls" ? { ...choice, finish_reason: "stop" } : choice,
    ),
  },
  {
    id: "logprobs-zero-in-stream",
    says: "in a stream, every log probability is 0",
    breaks: "stream.equals-nonstream",
    fault: "logprobs",
    also: [],
    seen: ["OpenAI API reference, the chat completion chunk object: choices[].logprobs"],
    ...onStreamedChoices((choice) => {
      const entries = choice.logprobs?.content
      if (!entries) return choice
      return {
        ...choice,
        logprobs: { ...choice.logprobs, content: entries.map((entry) => ({ ...entry, logprob: 0 })) },
      }
    }),
  },
  {
    id: "usage-prompt-of-template-in-stream",
    says: "prompt_tokens includes the tokens of the chat template in a stream only",
    breaks: "stream.equals-nonstream",
    fault: "prompt-tokens",
    also: ["stream.equals-nonstream-shape"],
    seen: [modes],
    ...onStreamedPrompt((tokens) => tokens + 4),
  },
  {
    id: "tool-calls-as-text-in-stream",
    says: "in a stream, tool calls are sent as text",
    breaks: "stream.equals-nonstream-shape",
    fault: "kind",
    also: [...both, "tool.choice-named", "tool.choice-required"],
    seen: ["https://github.com/vllm-project/vllm/issues/51697"],
    ...onStreamedChoices((choice, { logprobs }) =>
      hasCalls(choice) && !logprobs
        ? {
            ...choice,
            message: {
              ...without(choice.message, "tool_calls"),
              content: JSON.stringify(choice.message.tool_calls),
            },
            finish_reason: "stop",
          }
        : choice,
    ),
  },
  {
    id: "finish-length-as-stop-in-stream",
    says: "in a stream, the finish_reason is stop although the token limit was reached",
    breaks: "stream.equals-nonstream-shape",
    fault: "finish-reason",
    also: [...both, "chat.max-tokens-honoured", "tool.finish-not-stop", "tool.stream-args-concat"],
    seen: ["https://github.com/ROCm/FastFlowLM/pull/728"],
    ...onStreamedChoices((choice) =>
      choice.finish_reason === "length" ? { ...choice, finish_reason: "stop" } : choice,
    ),
  },
  {
    id: "usage-prompt-of-last-message-in-stream",
    says: "prompt_tokens is lower in a stream than in a non-streamed response",
    breaks: "stream.equals-nonstream-shape",
    fault: "prompt-tokens",
    also: both,
    seen: [modes],
    ...onStreamedPrompt((tokens) => Math.ceil(tokens / 2)),
  },
]
