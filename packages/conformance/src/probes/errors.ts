import type { Probe } from "../probe.ts"
import { chatStep, userSays } from "./chat-completions.ts"

/** Truncated JSON. */
export const malformedJson: Probe = {
  id: "errors.malformed-json",
  says: "a chat request whose JSON stops in the middle",
  quick: true,
  asks: ({ models }) => [
    {
      operation: "createChatCompletion",
      rawBody: `{"model": ${JSON.stringify(models.chat)}, "messages": [{"role": "user", "content": "Say he`,
      fault: { kind: "malformed-json", says: "the JSON stops in the middle of a string" },
    },
  ],
}

/** A request for a stream that is invalid before any model is called. */
export const missingMessages: Probe = {
  id: "errors.missing-messages",
  says: "a request for a chat stream without messages",
  quick: true,
  asks: ({ models }) => [
    {
      operation: "createChatCompletion",
      body: { model: models.chat, stream: true },
      fault: { kind: "missing", param: "messages", says: "messages are missing" },
    },
  ],
}

/** An unknown model. */
export const unknownModel: Probe = {
  id: "errors.unknown-model",
  says: "a chat with a model that does not exist",
  quick: true,
  asks: (known) => [
    {
      ...chatStep(known, { model: "no-such-model", messages: userSays("Say hello.") }),
      fault: { kind: "unknown-model", param: "model", says: "the model does not exist" },
    },
  ],
}
