import type { Probe } from "../probe.ts"

/** A path that no endpoint has. */
export const unknownPath: Probe = {
  id: "http.unknown-path",
  says: "a request to a path that does not exist",
  quick: true,
  asks: () => [
    {
      operation: "listModels",
      path: "/no-such-endpoint",
      fault: { kind: "unknown-path", says: "the path is none of the API's" },
    },
  ],
}

/** A method that an endpoint does not take. */
export const wrongMethod: Probe = {
  id: "http.wrong-method",
  says: "a request with a method that the path does not take",
  asks: () => [
    {
      operation: "createChatCompletion",
      // GET and DELETE mean something to OpenAI on this path.
      method: "PUT",
      fault: { kind: "wrong-method", says: "the path takes no PUT" },
    },
  ],
}
