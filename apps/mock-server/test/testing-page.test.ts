import { readFileSync } from "node:fs"
import { expectRequest, startTestMock } from "@nexhina/mock/testing"
import { expect, test } from "vitest"
import { createAssistant } from "../../../examples/assistant/assistant.ts"

const root = new URL("../../../", import.meta.url)
const page = readFileSync(new URL("docs/testing.md", root), "utf8")
const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", code = ""]) => ({
  language,
  code,
}))
const example = (name: string) => readFileSync(new URL(`examples/assistant/${name}`, root), "utf8")

test("the page shows the example that the test suite runs", () => {
  const [application, tests] = blocks.filter(({ language }) => language === "ts")
  expect(application?.code).toBe(example("assistant.ts"))
  expect(tests?.code).toBe(example("assistant.test.ts"))
})

test("jsdom and MSW need only the line that the page shows", () => {
  const [, , jsdom, msw] = blocks.filter(({ language }) => language === "ts").map(({ code }) => code)
  const tests = example("assistant.test.ts")
  expect(example("assistant.jsdom.test.ts")).toBe(`${jsdom}${tests}`)
  expect(example("assistant.msw.test.ts")).toBe(tests.replace("mockFixture({\n", `mockFixture({\n${msw}`))
})

test("an application that creates its client when it is loaded is shown as it is tested", () => {
  const [, , , , module, tests] = blocks.filter(({ language }) => language === "ts").map(({ code }) => code)
  expect(module).toBe(example("greeter.ts"))
  expect(tests).toBe(example("greeter.test.ts"))
})

test("a failed assertion prints what the page shows", async () => {
  const [shown] = blocks.filter(({ language }) => language === "text")
  const mock = await startTestMock({
    scenarios: [
      { match: {}, answer: { toolCalls: [{ name: "get_weather", arguments: { city: "Oslo" } }] } },
      { match: { toolResult: true }, answer: { text: "Sunny." } },
    ],
  })
  await createAssistant(mock).ask("How is the weather?")
  expect(() => expectRequest(mock, { toolResult: "rainy" })).toThrow(shown?.code.trimEnd())
  await mock.close()
})
