import { type FaultStepForm, latencyParameters, quotaKinds } from "@nexhina/mock"
import { table } from "./table.ts"

const curl = (header: string) =>
  [
    "```sh",
    `curl -N http://127.0.0.1:4010/v1/chat/completions -H "Authorization: Bearer sk-mock" -H "Content-Type: application/json" \\`,
    `  -H "${header}" \\`,
    `  -d '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "stream": true}'`,
    "```",
  ].join("\n")

const latency = [
  "## Latency",
  "",
  "Start the mock with `--ttft 200±50 --itl 20±5`, or send the header `x-mock-latency` with one request. The header",
  "replaces the options; `x-mock-latency: none` switches them off.",
  "",
  curl("x-mock-latency: ttft=300,itl=20+-5"),
  "",
  table(
    ["option", "in `x-mock-latency`", "in `createMock({ latency })`", "meaning"],
    Object.entries(latencyParameters).map(([name, { flag, header, says }]) => [
      `\`${flag}\``,
      `\`${header}\``,
      `\`${name}\``,
      says,
    ]),
  ),
  "",
  "- Jitter is uniform and drawn from a hash of the request: the same request always has the same schedule.",
  "- `±` may be written as `+-`.",
  "- A stream has one frame for each event. Status, headers and opening events are sent with the first token, closing",
  "  events with the last.",
  "- A reply that is not streamed is sent when its stream would end. Tokens that are counted in `usage` but not shown,",
  "  such as hidden reasoning, come before the first token.",
  "- Other replies to POST requests, such as embeddings and images, are sent after the time to the first token. Errors and",
  "  replies to GET and DELETE are sent at once.",
  "- Times are counted from the arrival of the request, so that delays do not add up.",
]

const quotas = [
  "## Quotas",
  "",
  table(
    ["option", "in `createMock({ quotas })`", "meaning"],
    Object.entries(quotaKinds).map(([name, { flag, says }]) => [`\`${flag}\``, `\`${name}\``, says]),
  ),
  "",
  "POST requests with a valid key are counted, each key and each `x-mock-scope` on its own. Their replies, also errors,",
  "state what is left:",
  "",
  ...Object.values(quotaKinds).flatMap(({ header }) => [
    `- \`x-ratelimit-limit-${header}\`, \`x-ratelimit-remaining-${header}\` and \`x-ratelimit-reset-${header}\`: the quota,`,
    "  what is left of it, and the time until it is full again, such as `20s`",
  ]),
  "",
  "A quota refills evenly within a minute. When it is used up, requests get a 429 with `retry-after` in seconds. The tokens",
  "of a reply are taken when it is made. They may exceed what is left, and then the next request waits longer.",
  "",
  "```js",
  'import { startMock } from "@nexhina/mock/node"',
  'import OpenAI from "openai"',
  "",
  "const server = await startMock({ quotas: { rpm: 1 } })",
  "const client = new OpenAI({ baseURL: server.baseURL, apiKey: server.apiKey, maxRetries: 0 })",
  'const ask = () => client.embeddings.create({ model: "text-embedding-3-small", input: "Hello" })',
  "await ask()",
  'await ask().catch(({ status, headers }) => console.log(status, headers.get("retry-after")))',
  "",
  "server.mock.clock.advance(60_000)",
  "console.log((await ask()).usage)",
  "",
  "await server.close()",
  "```",
]

const clock = [
  "## Clock",
  "",
  "`mock.clock.advance(ms)` moves the time of a mock forward, without waiting:",
  "",
  "- quotas refill",
  "- a video task is one step further for each 10 seconds, and completed after 30",
  "- a video expires 24 hours after its creation, a stored response after 30 days",
  "- stamps such as `created` move by whole seconds, also when they are fixed",
  "",
  "Latency, stalls and drips take real time. `mock.reset()` takes back what was advanced.",
]

const faults = (steps: readonly FaultStepForm[]) => [
  "## Faults",
  "",
  "A fault is a timeline of steps, separated by `;` or `:`. Give it with `--fault`, with `createMock({ fault })`, or with the",
  "header `x-mock-fault` for one request. The header replaces the option; `x-mock-fault: none` switches it off.",
  "",
  curl("x-mock-fault: after 2 events: stall 1s; then 3 bytes; then stall 500ms"),
  "",
  table(
    ["step", "meaning"],
    steps.map(({ form, says }) => [`\`${form}\``, says]),
  ),
  "",
  "- Amounts count from where the previous step ended. The words `after` and `then` only help to read.",
  "- Everything before a cut is delivered. Without an end (`close`, `reset`, `hang`) the rest of the reply follows.",
  "- `@0.1` at the end strikes a tenth of the requests, chosen by their hash: a request has its fault always or never.",
  "- When a reply lacks what a step delivers, it is sent without the fault, and the header `x-mock-inactive` names `fault`.",
  "  A stream has CR LF only with a variant such as `crlf`, and characters of several bytes only if its text has some.",
  "- Errors have the fault too, CORS preflights never.",
  "- A client that hangs up ends the reply at once.",
  "",
  "```js",
  'import { startMock } from "@nexhina/mock/node"',
  'import OpenAI from "openai"',
  "",
  'const server = await startMock({ fault: "after 5 events: half a json; then reset" })',
  "const client = new OpenAI({ baseURL: server.baseURL, apiKey: server.apiKey, maxRetries: 0 })",
  "const stream = await client.chat.completions.create({",
  '  model: "gpt-4o",',
  '  messages: [{ role: "user", content: "Write a poem" }],',
  "  stream: true,",
  "})",
  "try {",
  '  for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "")',
  "} catch (error) {",
  '  console.log("cut:", error.message)',
  "}",
  "await server.close()",
  "```",
]

/** Latency, quotas, the clock and faults of the mock, as a Markdown page. */
export function mockTimingPage(steps: readonly FaultStepForm[]): string {
  return `${[
    "# Time and trouble",
    "",
    "How to make the mock slow, limited or unreliable, in ways that repeat exactly. The options and steps on this page are",
    "generated from the code.",
    "",
    ...latency,
    "",
    ...quotas,
    "",
    ...clock,
    "",
    ...faults(steps),
  ].join("\n")}\n`
}
