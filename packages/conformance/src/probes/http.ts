import type { Probe } from "../probe.ts"

/** A request to an unknown path. */
export const unknownPath: Probe = {
  id: "http.unknown-path",
  says: "a request to a path that does not exist",
  quick: true,
  asks: () => [
    {
      operation: "listModels",
      path: "/no-such-endpoint",
      fault: { kind: "unknown-path", says: "the path does not exist" },
    },
  ],
}

/** A request with a method that the endpoint does not support. */
export const wrongMethod: Probe = {
  id: "http.wrong-method",
  says: "a request with a method that the path does not take",
  asks: () => [
    {
      operation: "createChatCompletion",
      // GET and DELETE mean something to OpenAI on this path.
      method: "PUT",
      fault: { kind: "wrong-method", says: "the path does not support PUT" },
    },
  ],
}
