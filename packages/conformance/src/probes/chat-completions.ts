import type { ChatCompletionRequest } from "@nexhina/schemas"
import type { Probe } from "../probe.ts"
import { verdictSchema } from "../requests/json-schemas.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"

export const userSays = (content: string) => [{ role: "user" as const, content }]

/** Returns a step with a small chat request and additional `members`; `exercises` as in a step. */
export function chatStep(
  known: TargetFacts,
  members: Partial<ChatCompletionRequest> & Pick<ChatCompletionRequest, "messages">,
  exercises?: readonly string[],
): Step {
  return {
    operation: "createChatCompletion",
    body: { model: known.models.chat, max_tokens: known.maxOutputTokens, ...members },
    ...(exercises && { exercises }),
  }
}

/** The smallest chat request. */
export const plainChat: Probe = {
  id: "chat.plain",
  says: "a short chat, not streamed",
  quick: true,
  asks: (known) => [chatStep(known, { messages: userSays("Say hello.") })],
}

/** One white pixel. */
const picture =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"

/** A picture in the conversation, which a text-only model may refuse with 4xx but must not fail on. */
export const pictureChat: Probe = {
  id: "chat.picture",
  says: "a chat with a picture",
  asks: (known) => [
    chatStep(
      known,
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "What is this?" },
              { type: "image_url", image_url: { url: picture } },
            ],
          },
        ],
      },
      ["messages"],
    ),
  ],
}

/** Asks for words that include the stop string. */
export const stoppedChat: Probe = {
  id: "chat.stop",
  says: "a chat with a stop string that the reply is likely to reach",
  quick: true,
  asks: (known) => [
    chatStep(
      known,
      {
        messages: userSays("Repeat: one two three four"),
        stop: "three",
      },
      ["stop"],
    ),
  ],
}

/** Asks for an object with a small strict schema. */
export const jsonSchemaChat: Probe = {
  id: "chat.json-schema",
  says: "a chat whose reply has to follow a JSON schema",
  quick: true,
  asks: (known) => [
    chatStep(
      known,
      {
        messages: userSays("Is water wet? Answer as JSON."),
        response_format: {
          type: "json_schema",
          json_schema: {
            name: "verdict",
            strict: true,
            schema: verdictSchema,
          },
        },
      },
      ["response_format"],
    ),
  ],
}

/** Asks for any JSON object. */
export const jsonObjectChat: Probe = {
  id: "chat.json-object",
  says: "a chat whose reply has to be a JSON object",
  asks: (known) => [
    chatStep(
      known,
      {
        messages: userSays('Is water wet? Answer with a JSON object such as {"answer":"yes"}.'),
        response_format: { type: "json_object" },
      },
      ["response_format"],
    ),
  ],
}

const logprobs = { messages: userSays("Say hello."), logprobs: true, top_logprobs: 2 }

/** Log probabilities in a stream, where most servers omit them. */
export const logprobsStream: Probe = {
  id: "chat.logprobs-stream",
  says: "a chat stream with log probabilities",
  quick: true,
  asks: (known) => [chatStep(known, { ...logprobs, stream: true }, ["logprobs", "top_logprobs"])],
}

/** Log probabilities in a reply that is not streamed. */
export const logprobsChat: Probe = {
  id: "chat.logprobs",
  says: "a chat with log probabilities",
  asks: (known) => [chatStep(known, logprobs, ["logprobs", "top_logprobs"])],
}

/** A task whose complete reply exceeds a small limit. */
export const endlessTask = "Count from 1 to 500 in words, without leaving anything out."

/** A reply that is cut at the token limit. */
export const cutChat: Probe = {
  id: "chat.cut",
  says: "a chat whose reply is longer than its token limit",
  asks: (known) => [chatStep(known, { messages: userSays(endlessTask), max_tokens: 3 })],
}
