import { describe, expect, test } from "vitest"
import { UsageError } from "../options/options.ts"
import { rules } from "../rules/rules.ts"
import { explain } from "./explain.ts"
import { terms } from "./terms.ts"

describe("an explanation", () => {
  test("of a rule contains its sentence, source, faults, threads and an exchange that keeps it", async () => {
    const text = await explain("chat.schema")
    for (const part of [
      "chat.schema\nMUST return `id`",
      "source    Chat Completion page, sample reply",
      "what breaks it\n  missing: a member that every client reads is missing",
      "POST /v1/chat/completions",
      '"object":"chat.completion"',
      "reported in         PowerShell/AIShell",
      "https://github.com/PowerShell/AIShell/issues/350",
    ])
      expect(text).toContain(part)
    const isLink = (line: string) => line.includes("https://")
    expect(text.split("\n").filter((line) => line.length > 80 && !isLink(line))).toEqual([])
  })

  test("of a finding shows only its fault, and where it lies", async () => {
    const text = await explain("sse.done-once:repeated@createChatCompletion")
    expect(text).toContain("how it was broken\n  repeated: [DONE] more than once")
    expect(text).toContain("on        createChatCompletion")
  })

  test("of a rule that needs facts of the target has the severity that it has once they are known", async () => {
    expect(await explain("auth.bad-key")).toContain("MUST under both profiles")
  })

  test.each([
    ["waived", "broken only by findings that the baseline lists"],
    ["not-conformant", "a MUST rule was broken"],
    [
      "unjudged",
      "Entries of the baseline whose findings this run did not look for. They\nsay nothing about the target.",
    ],
  ])("of '%s' is what the word means", async (word, meaning) => {
    expect(await explain(word)).toBe(`${word}: ${meaning}\n`)
  })

  test.each([
    ["openai", "openai: a profile\nOpenAI, as its API reference says\n"],
    ["openai", "  auth.missing-key-models (SHOULD; under nexhina: MUST)"],
    [
      "images",
      "images: a surface, a part of the API that a server offers or not as a whole\nexpensive, and checked",
    ],
    ["chat", "  POST /chat/completions (createChatCompletion): "],
    [
      "no-auth",
      "no-auth: a trait, a known deviation of a target that is not a finding\nThe server asks for no",
    ],
    ["2026-11", "2026-11: a set of requirements, published in that month\nIt has"],
    ["createEmbedding", "createEmbedding: an operation\n  POST /embeddings (createEmbedding): "],
    ["chat.plain", "chat.plain: a probe, a fixed request or several\n"],
    [
      "SHOULD",
      "SHOULD: what the contract recommends; a broken rule is a warning, and fails the\nrun only with",
    ],
  ])("of '%s', a name that an option takes or a report shows, is what it stands for", async (name, part) => {
    expect(await explain(name)).toContain(part)
  })

  test("of every name fits into 80 columns, and no name is that of a rule", async () => {
    for (const name of terms) {
      expect(rules.map(({ id }) => id)).not.toContain(name)
      const long = (await explain(name)).split("\n").filter((line) => line.length > 80)
      expect({ name, long }).toEqual({ name, long: [] })
    }
  })

  const ofFinding = "chat.schema:missing@createChatCompletion"

  test.each([
    ["sse.done-once:repeated@createChatCompletio", "unknown operation 'createChatCompletio'. Did you mean"],
    ["sse.done-once:repeated@", "'sse.done-once:repeated@' is not the id of a finding; expected rule:fault@"],
    ["sse.done-once@createChatCompletion", "is not the id of a finding; expected rule:fault@"],
    [`${ofFinding}#choices`, "the member of the reply '#choices' must begin with '#/'"],
    [`${ofFinding}#/choices/0/nonsense`, "ids name this member of the reply '#/choices/*/*'"],
    [`${ofFinding}~messages[0].role`, "ids name this member of the request '~messages[*].role'"],
    [
      "sse.done-once:repeated:twice",
      "word of a report or name that an option takes is called 'sse.done-once:repeated:twice'",
    ],
    [
      "sse.*",
      "explain takes one id, and 'sse.*' is a pattern; 'nexhina-conformance rules 'sse.*'' lists the rules that match",
    ],
  ])("of '%s' is refused, because nothing can have that id", async (id, says) => {
    await expect(explain(id)).rejects.toThrow(UsageError)
    await expect(explain(id)).rejects.toThrow(says)
  })

  test("of a finding with an array in its pointer is accepted", async () => {
    expect(await explain(`${ofFinding}#/choices/*/message~messages[*].role`)).toContain("/choices/*/message")
  })

  test.each([
    ["sse.done-one", "sse.done-once"],
    ["sse.done-once:repeat", "sse.done-once:repeated"],
    ["flakey", "flaky"],
    ["opennai", "openai"],
    ["2026-12", "2026-11"],
    ["createChatCompletions", "createChatCompletion"],
    ["constructor", "constructor"],
  ])("of '%s' is refused with a suggestion", async (id, nearest) => {
    await expect(explain(id)).rejects.toThrow(UsageError)
    if (id !== nearest) await expect(explain(id)).rejects.toThrow(`Did you mean '${nearest}'?`)
  })
})
