import { expect, test } from "vitest"
import { namesMember } from "./named.ts"

test.each([
  [{ param: "n" }, "n", true],
  [{ param: "messages[0].name" }, "messages", true],
  [{ param: "name" }, "n", false],
  [{ message: "n must be 1 for this model" }, "n", true],
  [{ message: "Unsupported parameter: 'logprobs'." }, "logprobs", true],
  [{ message: "Not now" }, "n", false],
  [{ param: null, message: 7 }, "n", false],
])("%j names %s: %s", (error, member, is) => {
  expect(namesMember(error, member)).toBe(is)
})
