import { createRedactor } from "@nexhina/wire"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import type { Evidence } from "../evidence.ts"
import { type Fault, type Rule, rule, type Severity, type Where } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { view } from "../view.ts"
import { findingOf } from "./finding.ts"
import { findingId } from "./finding-id.ts"

interface RuleFacts {
  readonly severity?: (known: TargetFacts) => Severity | "not-applicable"
  readonly holds?: (known: TargetFacts) => readonly Fault<"bad">[] | { readonly undecided: string }
  readonly scope?: "exchange" | "group" | "run"
  readonly see?: readonly string[]
}

const fault: Fault<"bad"> = { fault: "bad", at: { part: "status" }, expected: "this", actual: "that" }

/** Creates a rule that finds the same under every profile, unless it is told otherwise. */
function ruleOf({ severity, holds = () => [fault], scope, see }: RuleFacts = {}): Rule {
  const literal = {
    id: "test.rule",
    since: "0.1.0",
    says: "MUST be this",
    severity: severity ?? ("MUST" as const),
    source: "a page",
    ...(see && { see }),
    on: view<number>({
      id: "test.view",
      says: "all responses",
      surface: "chat",
      probes: [],
      of: () => 1,
    }),
    faults: { bad: "it is that" },
  }
  return scope === "group" || scope === "run"
    ? (rule({
        ...literal,
        scope,
        holds(_, known) {
          const faults = holds(known)
          return "undecided" in faults ? faults : faults.map((each) => ({ ...each, of: 0 }))
        },
      }) as Rule)
    : (rule({ ...literal, ...(scope && { scope }), holds: (_, known) => holds(known) }) as Rule)
}

const apiKey = "sk-0123456789abcdef"

interface Case {
  readonly rule?: RuleFacts
  readonly fault?: Partial<Fault>
  readonly exchange?: Parameters<typeof exchangeOf>[0]
  readonly known?: Partial<TargetFacts>
  /** Changes the request of the exchange. */
  readonly request?: Partial<ReturnType<typeof exchangeOf>["request"]>
  /** The other exchanges of its sample, which come first. */
  readonly others?: readonly Evidence[]
}

function found({
  rule: facts,
  fault: changed,
  exchange: recorded = {},
  known,
  request,
  others = [],
}: Case = {}) {
  const exchange = exchangeOf({ operation: "createChatCompletion", ...recorded })
  const asked = { ...exchange, request: { ...exchange.request, ...request } }
  const executed = {
    sample: { by: "test.rule", index: 0, asks: [] },
    asked: [...others, asked].map((each) => ({ exchange: each })),
  }
  return findingOf(
    { rule: ruleOf(facts), fault: { ...fault, ...changed }, exchange: asked, executed },
    {
      known: knownOf(known),
      severity: "SHOULD",
      verdict: "warn",
      times: 3,
      foundAfter: 7,
      redactor: createRedactor([apiKey]),
      target: { apiKey },
      replay: ({ rule }) => `nexhina-conformance run --rule ${rule.id}`,
    },
  )
}

const utf8 = new TextEncoder()

test("a finding is all that somebody needs to see the fault again", () => {
  expect(
    found({
      rule: { see: ["https://example.com/1"] },
      fault: { expected: `no ${apiKey}`, actual: `the key ${apiKey}` },
      exchange: {
        status: 418,
        request: { model: "m" },
        fault: { kind: "missing", says: "messages are missing" },
        headers: [
          ["Content-Type", "text/plain"],
          ["X-Request-Id", "req_1"],
        ],
        body: "I'm a teapot",
      },
    }),
  ).toEqual({
    id: "test.rule:bad@createChatCompletion",
    rule: "test.rule",
    fault: "bad",
    severity: "SHOULD",
    verdict: "warn",
    surface: "chat",
    operation: "createChatCompletion",
    says: "MUST be this",
    source: "a page",
    means: "it is that",
    expected: expect.not.stringContaining(apiKey),
    actual: expect.stringMatching(/^the key (?!sk-0123)/),
    where: "status",
    times: 3,
    foundAfter: 7,
    request: {
      method: "POST",
      url: "http://127.0.0.1:1/v1/test",
      headers: [["authorization", expect.not.stringContaining(apiKey)]],
      body: '{"model":"m"}',
      fault: "messages are missing",
    },
    evidence: {
      status: 418,
      headers: [
        ["content-type", "text/plain"],
        ["x-request-id", "req_1"],
      ],
      end: "complete",
      excerpt: "I'm a teapot",
    },
    curl: [
      "curl -isN -X POST 'http://127.0.0.1:1/v1/test'",
      ' -H "authorization: Bearer $NEXHINA_API_KEY"',
      " -H 'content-type:'",
      ` --data-raw '{"model":"m"}'`,
    ].join(" \\\n "),
    replay: "nexhina-conformance run --rule test.rule",
    requestId: "req_1",
    see: ["https://example.com/1"],
  })
})

test("a finding without an answer, an operation or reports of others says so", () => {
  const finding = found({
    exchange: { operation: undefined, end: { kind: "network", stage: "head", code: "ECONNRESET" } } as never,
    fault: { fault: "unheard-of" },
  })
  expect(finding).toMatchObject({
    id: "test.rule:unheard-of@unknown",
    operation: "unknown",
    means: "unheard-of",
    evidence: { headers: [], end: "network (ECONNRESET)", excerpt: "" },
    see: [],
  })
  expect(finding.evidence).not.toHaveProperty("status")
  expect(finding.request).not.toHaveProperty("fault")
  expect(finding).not.toHaveProperty("requestId")
})

test("an id holds the rule, the fault and the operation, and no generated value", () => {
  const exchange = exchangeOf({ operation: "listModels" })
  expect(findingId({ rule: ruleOf(), fault, exchange })).toBe("test.rule:bad@listModels")
  expect(findingId({ rule: ruleOf(), fault: { ...fault, actual: "another" }, exchange })).toBe(
    "test.rule:bad@listModels",
  )
  const recorded = { ...exchange, operation: { basis: "unknown" } } as const
  expect(findingId({ rule: ruleOf(), fault, exchange: recorded })).toBe("test.rule:bad@unknown")
})

describe("a place is named", () => {
  test.each<[Where, string]>([
    [{ part: "status" }, "status"],
    [{ part: "header", name: "retry-after" }, "header retry-after"],
    [{ part: "body" }, "body"],
    [{ part: "body", pointer: "" }, "body"],
    [{ part: "body", pointer: "/model" }, "body /model"],
    [{ part: "body", offset: 0 }, "body, byte 0"],
    [{ part: "body", pointer: "/model", offset: 9 }, "body /model, byte 9"],
    [{ part: "event", event: 2, offset: 40 }, "event 2, byte 40"],
    [{ part: "event", event: 2, offset: 40, pointer: "/id" }, "event 2 /id, byte 40"],
    [{ part: "end" }, "end of the body"],
  ])("%j: %s", (at, where) => {
    expect(found({ fault: { at } }).where).toBe(where)
  })
})

describe("an excerpt", () => {
  const excerptOf = (body: string | Uint8Array, at: Where) =>
    found({ exchange: { body }, fault: { at } }).evidence.excerpt
  /** A text in which every place is different from those near it. */
  const textOf = (length: number) =>
    Array.from({ length: Math.ceil(length / 5) }, (_, at) => String(at).padStart(5, "-"))
      .join("")
      .slice(0, length)

  test("holds the fault, and says on each side whether more was cut away", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2500 }), fc.nat(), fc.boolean(), (length, place, inEvent) => {
        const body = textOf(length)
        const offset = place % length
        const at: Where = inEvent ? { part: "event", event: 0, offset } : { part: "body", offset }
        const excerpt = excerptOf(body, at)
        const text = excerpt.replaceAll("…", "")
        const from = body.indexOf(text)
        expect(text.length).toBe(Math.min(length, 600))
        expect(from).toBeLessThanOrEqual(offset)
        expect(from + text.length).toBeGreaterThan(offset)
        expect(excerpt.startsWith("…")).toBe(from > 0)
        expect(excerpt.endsWith("…")).toBe(from + text.length < length)
      }),
    )
  })

  test("holds the member that a pointer names, however far into the body or the event it is", () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(3000), fc.constantFrom("a", "é", '"'), (before, after, unit) => {
        const value = {
          choices: [{ text: unit.repeat(before) }, { "a/b": ["MARK"] }],
          rest: unit.repeat(after),
        }
        const pointer = "/choices/1/a~1b/0"
        const json = JSON.stringify(value)
        expect(excerptOf(json, { part: "body", pointer })).toContain('["MARK"]')
        const events = `event: x\ndata: {}\n\nevent: x\ndata: ${json}\n\n`
        expect(excerptOf(events, { part: "event", event: 1, offset: 19, pointer })).toContain('["MARK"]')
        expect(excerptOf(json, { part: "body", pointer: "/choices/1/absent" })).toContain('["MARK"]')
        expect(excerptOf(json, { part: "body", pointer })).not.toContain("\ufffd")
      }),
    )
  })

  test("has 100 bytes before the fault, and begins with the body where that is nearer", () => {
    const body = textOf(3000)
    expect(excerptOf(body, { part: "body", offset: 1000 })).toBe(`…${body.slice(900, 1500)}…`)
    expect(excerptOf(body, { part: "body", offset: 100 })).toBe(`${body.slice(0, 600)}…`)
    expect(excerptOf(body, { part: "body" })).toBe(`${body.slice(0, 600)}…`)
    expect(excerptOf(body, { part: "status" })).toBe(`${body.slice(0, 600)}…`)
    expect(excerptOf(body, { part: "header", name: "x" })).toBe(`${body.slice(0, 600)}…`)
    expect(excerptOf(body, { part: "end" })).toBe(`…${body.slice(2400)}`)
  })

  test("is the same however far into the body the fault is", () => {
    const body = textOf(200_000)
    for (const offset of [65_000, 65_636, 65_637, 66_000, 150_000])
      expect(excerptOf(body, { part: "body", offset })).toBe(`…${body.slice(offset - 100, offset + 500)}…`)
  })

  test("begins and ends between characters", () => {
    for (const character of ["é", "€", "😀"]) {
      const body = character.repeat(1000)
      const bytes = utf8.encode(character).length
      for (const offset of [1000, 1001, 1002, 1003]) {
        const from = Math.floor((offset - 100) / bytes)
        const to = Math.floor((from * bytes + 600) / bytes)
        const text = character.repeat(to - from)
        expect(excerptOf(body, { part: "body", offset })).toBe(`…${text}…`)
      }
    }
  })

  test("has as many bytes where they are not text", () => {
    const at: Where = { part: "body", offset: 699 }
    for (const length of [1, 2, 3, 4, 599, 600, 601, 1400]) {
      const excerpt = excerptOf(new Uint8Array(length).fill(0x80), at)
      expect(excerpt.replaceAll("…", "")).toBe("\ufffd".repeat(Math.min(length, 600)))
    }
  })
})

describe("the command lines", () => {
  const secret = [["authorization", `Bearer ${apiKey}`]] as const
  const first = exchangeOf({ operation: "listModels", requestHeaders: secret, request: { n: 1 } })
  const commandsOf = (scope: "exchange" | "group" | "run") => {
    const { curl } = found({ rule: { scope }, exchange: { request: { n: 2 } }, others: [first] })
    expect(curl).not.toContain(apiKey)
    return curl.match(/^curl|--data-raw '.*'/gm)
  }

  test("are those of all requests of the sample where the rule compares their replies", () => {
    expect(commandsOf("group")).toEqual(["curl", `--data-raw '{"n":1}'`, "curl", `--data-raw '{"n":2}'`])
  })

  test("are one, of the request that shows the fault, otherwise", () => {
    expect(commandsOf("exchange")).toEqual(["curl", `--data-raw '{"n":2}'`])
    expect(commandsOf("run")).toEqual(["curl", `--data-raw '{"n":2}'`])
  })
})

describe("a request", () => {
  test("is shown whole up to 100,000 bytes, and by its beginning above", () => {
    const shown = (length: number) => found({ request: { body: utf8.encode("x".repeat(length)) } })
    expect(shown(100_000).request.body).toBe("x".repeat(100_000))
    expect(shown(100_001).request.body).toBe(`${"x".repeat(600)}… (100001 bytes)`)
  })
})

test("the request id is the first that is known and not empty", () => {
  const idOf = (...headers: [string, string][]) => found({ exchange: { headers } }).requestId
  expect(idOf(["cf-ray", "ray"], ["request-id", "second"], ["X-Request-Id", "first"])).toBe("first")
  expect(idOf(["cf-ray", "ray"], ["x-request-id", ""])).toBe("ray")
  expect(idOf(["x-other", "1"])).toBeUndefined()
})

describe("the other profile is named", () => {
  const isOpenai = ({ profileName }: TargetFacts) => profileName === "openai"
  const otherProfile = (facts: RuleFacts, known: Partial<TargetFacts> = {}) =>
    found({ rule: facts, known }).otherProfile

  test("where the rule does not apply under it, whatever its scope", () => {
    const severity = (known: TargetFacts) => (isOpenai(known) ? "not-applicable" : "MUST")
    for (const scope of [undefined, "exchange", "group", "run"] as const) {
      expect(otherProfile({ severity, ...(scope && { scope }) })).toBe("openai")
    }
    expect(otherProfile({ severity }, { profileName: "openai" })).toBeUndefined()
  })

  test("where the rule does not find the fault under it", () => {
    const holds = (known: TargetFacts) => (isOpenai(known) ? [] : [fault])
    expect(otherProfile({ holds })).toBe("openai")
    expect(otherProfile({ holds, scope: "exchange" })).toBe("openai")
    // The rule declares one fault only; a second one stands for another rule's.
    const another = { ...fault, fault: "worse" } as unknown as Fault<"bad">
    expect(otherProfile({ holds: (known) => (isOpenai(known) ? [another] : [fault]) })).toBe("openai")
    expect(otherProfile({ holds: (known) => (isOpenai(known) ? [another, fault] : [fault]) })).toBeUndefined()
    expect(
      otherProfile({ holds: (known) => (isOpenai(known) ? [fault] : []) }, { profileName: "openai" }),
    ).toBe("nexhina")
  })

  test("with the profile itself, and not only its name", () => {
    const holds = ({ profile, profileName }: TargetFacts) =>
      isOpenai({ profileName } as TargetFacts) && profile === knownOf({ profileName: "openai" }).profile
        ? []
        : [fault]
    expect(otherProfile({ holds })).toBe("openai")
  })

  test("nowhere else", () => {
    expect(otherProfile({})).toBeUndefined()
    expect(
      otherProfile({ holds: (known) => (isOpenai(known) ? { undecided: "no" } : [fault]) }),
    ).toBeUndefined()
    for (const scope of ["group", "run"] as const) {
      expect(otherProfile({ scope, holds: (known) => (isOpenai(known) ? [] : [fault]) })).toBeUndefined()
    }
    expect(found()).not.toHaveProperty("otherProfile")
  })
})
