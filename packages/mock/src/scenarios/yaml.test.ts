import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { stringify } from "yaml"
import { readScenarios } from "./yaml.ts"

const problemsOf = (text: string, ...more: string[]) =>
  readScenarios([text, ...more].map((each, index) => ({ name: `${index + 1}.yaml`, text: each }))).problems

describe("a text that YAML does not read as one has a problem with its place and the remedy", () => {
  const quotes =
    "Put a text in quotes that contains ': ' or ' #', or begins with a character such as '{', '[', '*', '!', '@' or a quote."
  test.each([
    ["{{user}} said", `1.yaml:4:22: Unexpected scalar at node end. ${quotes}`],
    ["Here: a colon", `1.yaml:4:13: Nested mappings are not allowed in compact mappings. ${quotes}`],
    ["'it' is", `1.yaml:4:18: Unexpected scalar at node end. ${quotes}`],
    ["@you", `1.yaml:4:13: Plain value cannot start with reserved character @. ${quotes}`],
    ["*bold*", `1.yaml:4:13: the alias '*bold*' has no anchor. ${quotes}`],
    ["!hey you", `1.yaml:4:13: Unresolved tag: !hey. ${quotes}`],
    [
      String.raw`"\d+"`,
      String.raw`1.yaml:4:14: Invalid escape sequence \d. Use single quotes, or write two backslashes in double quotes.`,
    ],
    ["# heading", "1.yaml:4:7: answer.text: expected a string, but got null. Put a text in quotes."],
    ["42", "1.yaml:4:7: answer.text: expected a string, but got a number. Put a text in quotes."],
    ["true", "1.yaml:4:7: answer.text: expected a string, but got a boolean. Put a text in quotes."],
  ])("%s", (text, problem) => {
    expect(problemsOf(`scenarios:\n  - match: {}\n    answer:\n      text: ${text}`)).toEqual([problem])
  })

  test("the alias of an anchor is none", () => {
    expect(problemsOf("scenarios:\n  - match: &any {}\n    answer: { json: { any: *any } }")).toEqual([])
  })
})

describe("a regular expression is the text of `matches`", () => {
  const problems = (match: unknown) =>
    readScenarios([{ name: "a.ts", scenarios: [{ match, fail }] }]).problems
  const fail = { times: 1, status: 500 }
  const both = "Letter case counts: write '[Hh]' for both cases of a letter."

  test.each<[unknown, string]>([
    [/hello/i, `user: expected a text, but got a regular expression. Write { matches: "hello" }. ${both}`],
    [{ matches: /\d/ }, 'user.matches: expected a text, but got a regular expression. Write "\\\\d".'],
    [
      { contains: /a/ },
      'user.contains: expected a text, but got a regular expression. Write { matches: "a" }.',
    ],
    [
      "/hello.*/",
      "user: '/hello.*/' would match its slashes. Write { matches: 'hello.*' } for the regular expression.",
    ],
    [
      { matches: "/hello/i" },
      `user.matches: '/hello/i' would match its slashes. Write 'hello' for the regular expression. ${both}`,
    ],
    [
      { matches: "(?i)hello" },
      `user.matches: the pattern '(?i)hello' has a group of an unknown kind. ${both}`,
    ],
  ])("%j", (user, problem) => {
    expect(problems({ user })).toEqual([`a.ts [0]: match.${problem}`])
  })

  test.each([
    "/",
    "//",
    "/help",
    "/home/user/",
    "/models/gpt",
    "/* a comment */",
    "a /b+/",
    { matches: "/v1/models/" },
    { contains: "/a+/i" },
  ])("not %j", (user) => {
    expect(problems({ user })).toEqual([])
  })
})

describe("each problem has file, line, column, the key and the remedy", () => {
  test.each([
    [
      `scenarios:
  - match:
      usr: Hello
    answer:
      text: Hi`,
      "1.yaml:3:7: match.usr: unknown key 'usr'. Did you mean 'user'?",
    ],
    [
      `scenarios:
  - match: {}
    answer: { text: {{user}} }`,
      "1.yaml:3:15: answer.text: expected a string, but got an object. Quote a text that begins with '{' or '['.",
    ],
    [
      `scenarios:\n  - match: {}\n    answer: { text: "{{usr}}" }`,
      "Did you mean '{{user}}'? Write '\\{{' for braces that are text.",
    ],
    [`scenarios:\n  - match: { turns: 1.5 }\n    answer: { text: x }`, "1.yaml:2:14: match.turns: "],
    [
      `scenarios:\n  - match: {}\n    match: {}`,
      "1.yaml:3:5: the key 'match' is given twice. Remove one of them.",
    ],
    [
      `scenarios: []\n---\nscenarios: []`,
      "1.yaml:2:1: expected one YAML document, but another one begins here. Remove the line '---'.",
    ],
    [`scenarios:\n  - match: {`, "1.yaml:2:13: "],
    ["", "1.yaml:1:1: expected an object with the key 'scenarios', which is a list."],
    [`- match: {}`, "1.yaml:1:1: expected an object with the key 'scenarios', which is a list."],
    [`scenarios: x`, "1.yaml:1:1: 'scenarios' must be a list."],
    [`scenarios: []\nscenario: []`, "1.yaml:2:1: unknown key 'scenario'. Did you mean 'scenarios'?"],
  ])("%j", (text, expected) => {
    const problems = problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(expected)
    expect(problems[0]).not.toMatch(/\.\.$/)
  })

  test("of two files: an id that is used twice, and a scenario that can never answer", () => {
    const one = "scenarios:\n  - id: a\n    match: { user: Hi }\n    answer: { text: x }"
    const two =
      "scenarios:\n  - match: { user: Hi }\n    answer: { text: y }\n  - id: a\n    match: { user: Yo }\n    answer: { text: x }"
    expect(problemsOf(one, two)).toEqual([
      "2.yaml:4:5: id: the id 'a' is used twice. Rename one of the scenarios (the other one: 1.yaml:2:5).",
      "2.yaml:2:5: match: '2.yaml:2' can never answer: every request that it matches also matches 'a', and neither is " +
        "more specific. Give one of them a 'priority' or a narrower match (the other one: 1.yaml:2:5).",
    ])
  })

  test("aliases that expand without end", () => {
    const aliases = Array.from({ length: 12 }, (_, index) =>
      index === 0
        ? "  a0: &a0 x"
        : `  a${index}: &a${index} [${Array(9)
            .fill(`*a${index - 1}`)
            .join(",")}]`,
    )
    expect(problemsOf(`$schema:\n${aliases.join("\n")}\nscenarios: []`)).toEqual([
      expect.stringContaining("alias"),
    ])
  })
})

describe("each problem of scenarios from code has file, index, id and key", () => {
  const problemsIn = (scenarios: readonly unknown[], source?: string) =>
    readScenarios([{ name: "a.ts", scenarios, ...(source !== undefined && { source }) }]).problems
  const wrong = { match: {}, answer: { txt: "x" } }
  const message = "answer.txt: unknown key 'txt'. Did you mean 'text'?"

  test("and line and column, if the id stands in the source once", () => {
    const source = (id: string) => `import "x"\n\nexport default [\n  { ${id}, match, answer }]`
    const scenarios = [{ ...wrong, id: "first" }]
    for (const id of ['id: "first"', "id:'first'", '"id" : `first`']) {
      expect(problemsIn(scenarios, source(id))).toEqual([`a.ts:4:5 [0] 'first': ${message}`])
    }
    for (const id of ["id", 'uid: "first"', 'id: "firstly"', 'id: "first", id: "first"', "id: 'first\""]) {
      expect(problemsIn(scenarios, source(id))).toEqual([`a.ts [0] 'first': ${message}`])
    }
    expect(problemsIn([{ ...wrong, id: "a.*(b" }], source('id: "a.*(b"'))).toEqual([
      `a.ts:4:5 [0] 'a.*(b': ${message}`,
    ])
  })

  test("without an id, file and index", () => {
    expect(problemsIn([{ match: {}, answer: {} }, wrong], "[]")).toEqual([`a.ts [1]: ${message}`])
    expect(problemsIn([3])).toEqual(["a.ts [0]: expected an object, but got a number."])
  })

  test("of two scenarios, both", () => {
    const scenario = { match: { user: "Hi" }, answer: { text: "x" } }
    expect(problemsIn([{ ...scenario, id: "first" }, scenario], "\nid: 'first'")).toEqual([
      "a.ts [1]: match: 'a.ts [1]' can never answer: every request that it matches also matches 'first', and neither is " +
        "more specific. Give one of them a 'priority' or a narrower match (the other one: a.ts:2:1 [0] 'first').",
    ])
  })

  test("on one line, of limited length", () => {
    expect(problemsIn([{ ...wrong, id: `a\n${"b".repeat(1000)}` }])).toEqual([
      `a.ts [0] 'a ${"b".repeat(62)}': ${message}`,
    ])
  })
})

test("reads what YAML and JSON write, and names scenarios by file and line", () => {
  const scenario = fc.record(
    {
      id: fc.uuid(),
      match: fc.record({ user: fc.oneof(fc.string(), fc.record({ contains: fc.string({ minLength: 1 }) })) }),
      answer: fc.record({ json: fc.record({ a: fc.jsonValue() }) }),
    },
    { requiredKeys: ["id", "match", "answer"] },
  )
  fc.assert(
    fc.property(fc.uniqueArray(scenario, { maxLength: 3, selector: ({ id }) => id }), (scenarios) => {
      const expected = JSON.parse(JSON.stringify(scenarios))
      for (const text of [stringify({ scenarios }), JSON.stringify({ scenarios }, null, 2)]) {
        const read = readScenarios([{ name: "a.yaml", text }])
        // As JSON, which has no -0.
        const found = JSON.parse(JSON.stringify(read.scenarios))
        if (read.problems.length === 0) expect(found).toEqual(expected)
        else expect(read.problems.join()).toMatch(/can never answer|template/)
      }
    }),
  )
  const text = "scenarios:\n  - match: { user: Hi }\n    answer: { text: x }"
  expect(readScenarios([{ name: "a.yaml", text }])).toEqual({
    scenarios: [{ match: { user: "Hi" }, answer: { text: "x" } }],
    places: ["a.yaml:2"],
    problems: [],
  })
})
