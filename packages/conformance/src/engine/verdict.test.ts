import type { OperationId } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import type { Probe } from "../probe.ts"
import type { Finding, Verdict } from "../reports/report.ts"
import { type Rule, rule, type Severity } from "../rule.ts"
import type { ExecutedSample } from "../target/execute.ts"
import type { Obstacle } from "../target/offered.ts"
import type { Step } from "../target/step.ts"
import { type Place, view } from "../view.ts"
import { type Counts, countReason, openCounts } from "./judge.ts"
import { sentIn } from "./sent.ts"
import { verdictOf } from "./verdict.ts"

const probe: Probe = { id: "the-probe", says: "a probe", asks: () => [] }

interface RuleFacts {
  readonly surface?: Place
  readonly occasional?: true
  readonly asks?: boolean
  readonly probes?: readonly Probe[]
  readonly scope?: "exchange" | "run"
}

const ruleOf = ({ surface = "chat", occasional, asks, probes = [probe], scope }: RuleFacts = {}): Rule => {
  const literal = {
    id: "test.rule",
    since: "0.1.0",
    says: "MUST",
    severity: "MUST" as const,
    source: "none",
    on: view<number>({
      id: "test.view",
      says: "replies of its kind",
      surface,
      probes,
      ...(occasional && { occasional }),
      of: () => undefined,
    }),
    faults: {},
    ...(asks && { asks: () => [] }),
    holds: () => [],
  }
  return (scope === "run" ? rule({ ...literal, scope }) : rule(literal)) as Rule
}

const countsOf = (facts: Partial<Counts> = {}): Counts => ({ ...openCounts(), ...facts })

/** What a finding is to a verdict: its own. */
const findingsOf = (...verdicts: Finding["verdict"][]) => verdicts.map((verdict) => ({ verdict }) as Finding)

type Asked = ExecutedSample["asked"][number]

const asked = (facts: Parameters<typeof exchangeOf>[0], step: Partial<Step> = {}): Asked => ({
  step: { operation: "createChatCompletion", ...step },
  exchange: exchangeOf(facts),
})

const group = (
  by: string,
  requests: readonly Asked[],
  more: Partial<ExecutedSample> = {},
): ExecutedSample => ({
  sample: { by, index: 0, asks: [] },
  asked: requests,
  ...more,
})

interface Case {
  readonly rule?: RuleFacts
  readonly severity?: Severity | "not-applicable"
  readonly tally?: Partial<Counts> | null
  readonly findings?: readonly Finding[]
  readonly groups?: readonly ExecutedSample[]
  readonly met?: readonly (readonly [OperationId, Obstacle])[]
}

const outcome = ({
  rule: facts,
  severity = "MUST",
  tally = {},
  findings = [],
  groups = [],
  met = [],
}: Case) =>
  verdictOf({
    rule: ruleOf(facts),
    severity,
    tally: tally === null ? undefined : countsOf(tally),
    findings,
    sent: sentIn(groups),
    met: new Map(met),
  })

const notOffered = ["createChatCompletion", "the target does not offer"] as const
const nothingFits = "no exchange was one of its kind (replies of its kind)"

describe("a rule that was judged", () => {
  test("is inconclusive when it could not see everything, unless it found something", () => {
    const tally = { cut: "there were more" }
    expect(outcome({ tally })).toEqual({ verdict: "inconclusive", reason: "there were more" })
    expect(outcome({ tally, findings: findingsOf("fail") })).toEqual({ verdict: "fail" })
  })

  test("passes when nothing was found", () => {
    expect(outcome({ tally: { judged: 1 } })).toEqual({ verdict: "pass" })
    const undecided = new Map([["the other exchange says nothing", 1]])
    expect(outcome({ tally: { judged: 1, undecided }, met: [notOffered] })).toEqual({ verdict: "pass" })
  })

  test("is unsupported when it was judged on replies of endpoints that do not exist alone", () => {
    const of = (by: string, ...operations: readonly OperationId[]) =>
      group(
        by,
        operations.map((operation) => asked({ status: 404 }, { operation })),
      )
    const tally = { judged: 1 }
    const unsupported = {
      verdict: "unsupported",
      reason: "the target does not offer POST /chat/completions",
    }
    const verdictIn = (...groups: readonly ExecutedSample[]) => outcome({ tally, groups, met: [notOffered] })
    expect(verdictIn(of("the-probe", "createChatCompletion"))).toEqual(unsupported)
    expect(verdictIn(of("the-probe", "createChatCompletion", "listModels"))).toEqual({ verdict: "pass" })
    // Its own requests say more than those of others on its surface, which count where it sent none.
    expect(verdictIn(of("other", "createChatCompletion"))).toEqual(unsupported)
    expect(verdictIn(of("other", "createChatCompletion", "listModels"))).toEqual(unsupported)
    expect(verdictIn(of("other", "listModels"))).toEqual({ verdict: "pass" })
    expect(verdictIn(of("other", "createChatCompletion"), of("the-probe", "listModels"))).toEqual({
      verdict: "pass",
    })
  })

  test("passes when it is about every endpoint, also on one that does not exist", () => {
    const groups = [group("the-probe", [asked({ status: 404 })])]
    expect(outcome({ rule: { surface: "http" }, tally: { judged: 1 }, groups, met: [notOffered] })).toEqual({
      verdict: "pass",
    })
  })

  test("has the worst verdict of its findings, in whatever order they come", () => {
    const order: Finding["verdict"][] = ["fail", "warn", "info", "flaky", "waived"]
    for (const [at, worst] of order.entries()) {
      const findings = findingsOf(...order.slice(at))
      for (const each of [findings, findings.toReversed()]) {
        expect(outcome({ tally: { judged: 1 }, findings: each })).toEqual({ verdict: worst })
        expect(outcome({ findings: each })).toEqual({ verdict: worst })
      }
    }
  })

  test("does not apply when it is not for this target, or was not judged at all", () => {
    const findings = findingsOf("fail")
    expect(outcome({ severity: "not-applicable", findings })).toEqual({ verdict: "not-applicable" })
    expect(outcome({ tally: null, findings })).toEqual({ verdict: "not-applicable" })
  })
})

describe("the kit's own errors come before everything that was found", () => {
  test("a rule that threw", () => {
    const tally = { judged: 1, crash: "TypeError: bug" }
    expect(outcome({ tally, findings: findingsOf("fail") })).toEqual({
      verdict: "harness-error",
      reason: "TypeError: bug",
    })
  })

  test("a request that breaks the contract, of the rule's probes and of the rule itself alone", () => {
    const breach = (by: string) => [group("other", []), group(by, [], { breach: "n is too large" })]
    const error = {
      verdict: "harness-error",
      reason: "a request of the kit breaks the contract: n is too large",
    }
    const tally = { judged: 1 }
    expect(outcome({ tally, findings: findingsOf("fail"), groups: breach("the-probe") })).toEqual(error)
    expect(outcome({ tally, rule: { asks: true }, groups: breach("test.rule") })).toEqual(error)
    expect(outcome({ tally, groups: breach("test.rule") })).toEqual({ verdict: "pass" })
    expect(outcome({ tally, groups: breach("other") })).toEqual({ verdict: "pass" })
  })
})

describe("a rule whose endpoint met an obstacle is unsupported", () => {
  const unsupported = (reason: string) => ({ verdict: "unsupported", reason })
  const chat = unsupported("the target does not offer POST /chat/completions")

  test("with the operation and the obstacle as the reason", () => {
    expect(outcome({ met: [notOffered] })).toEqual(chat)
    expect(outcome({ rule: { surface: "streams" }, met: [notOffered] })).toEqual(chat)
    expect(outcome({ met: [["createChatCompletion", "the key gives no access to"]] })).toEqual(
      unsupported("the key gives no access to POST /chat/completions"),
    )
  })

  test("with the option that names a model, where none is known", () => {
    const unknown = "no model is known for" as const
    expect(outcome({ met: [["createChatCompletion", unknown]] })).toEqual(
      unsupported("no model is known for POST /chat/completions; name one with --model"),
    )
    expect(outcome({ rule: { surface: "audio" }, met: [["createSpeech", unknown]] })).toEqual(
      unsupported("no model is known for POST /audio/speech; name one with --speech-model"),
    )
  })

  test("unless the obstacle is on another surface, or the rule is about every endpoint", () => {
    const elsewhere: Case = { met: [["createEmbedding", "the target does not offer"]] }
    expect(outcome(elsewhere).verdict).toBe("not-run")
    expect(outcome({ ...elsewhere, rule: { surface: "streams" } }).verdict).toBe("not-run")
    expect(outcome({ rule: { surface: "http" }, met: [notOffered] }).verdict).toBe("not-run")
  })

  test("unless other operations of the surface were asked for it", () => {
    const groups = (operation: OperationId) => [group("the-probe", [asked({ status: 404 }, { operation })])]
    const models: Case = {
      rule: { surface: "models" },
      met: [["retrieveModel", "the target does not offer"]],
    }
    expect(outcome({ ...models, groups: groups("retrieveModel") })).toEqual(
      unsupported("the target does not offer GET /models/{model}"),
    )
    expect(outcome({ ...models, groups: groups("listModels") }).verdict).toBe("inconclusive")
    expect(
      outcome({ ...models, groups: [group("other", [asked({}, { operation: "listModels" })])] }),
    ).toEqual(unsupported("the target does not offer GET /models/{model}"))
  })
})

describe("a rule whose request was refused for a member that a target may refuse", () => {
  const error = (members: object) => ({ error: { message: "Not supported.", ...members } })
  const refused = (facts: Parameters<typeof exchangeOf>[0], exercises: readonly string[] = ["stop", "n"]) =>
    outcome({ groups: [group("the-probe", [asked(facts, { exercises })])] })

  test.each([400, 422, 499])("is unsupported when a %i names it", (status) => {
    expect(refused({ status, body: error({ param: "n" }) })).toEqual({
      verdict: "unsupported",
      reason: `the target refuses n (${status})`,
    })
  })

  test("is unsupported when the message names it, and when a later request is refused", () => {
    const body = error({ message: "Only one n is supported." })
    expect(refused({ status: 400, body }).verdict).toBe("unsupported")
    const groups = [
      group("the-probe", [
        asked({ status: 500 }, { exercises: ["n"] }),
        asked({ status: 400, body }, { exercises: ["n"] }),
      ]),
    ]
    expect(outcome({ groups }).verdict).toBe("unsupported")
  })

  test.each([
    ["another member is named", { status: 400, body: error({ param: "top_p" }) }],
    ["the status is a success", { status: 399, body: error({ param: "n" }) }],
    ["the status is a server's error", { status: 500, body: error({ param: "n" }) }],
    ["no error is in the body", { status: 400, body: { param: "n" } }],
    ["the error is a text", { status: 400, body: { error: "n" } }],
    ["the body is null", { status: 400, body: "null" }],
    ["the body is not JSON", { status: 400, body: "n", type: "text/plain" }],
    ["no answer came", { end: { kind: "timeout", stage: "head" } }],
  ] as const)("is inconclusive when %s", (_, facts) => {
    expect(refused(facts).verdict).toBe("inconclusive")
  })

  test("is unsupported when its probe's request is refused and its own is not", () => {
    const groups = [
      group("test.rule", [asked({})]),
      group("the-probe", [asked({ status: 400, body: error({ param: "n" }) }, { exercises: ["n"] })]),
    ]
    expect(outcome({ rule: { asks: true }, groups })).toEqual({
      verdict: "unsupported",
      reason: "the target refuses n (400)",
    })
  })

  test("is inconclusive when the request exercises nothing", () => {
    const facts = { status: 400, body: error({ param: "n" }) }
    expect(refused(facts, []).verdict).toBe("inconclusive")
    expect(outcome({ groups: [group("the-probe", [asked(facts)])] }).verdict).toBe("inconclusive")
    expect(outcome({ groups: [group("other", [asked(facts, { exercises: ["n"] })])] }).verdict).toBe(
      "not-run",
    )
  })
})

describe("a rule that could not decide is inconclusive", () => {
  test.each([
    [["a"], "a"],
    [["a", "a"], "a"],
    [["a", "b"], "a (1 of 2)"],
    [["a", "b", "b"], "b (2 of 3)"],
    [["b", "b", "a"], "b (2 of 3)"],
    [["a", "b", "c", "c", "b", "b"], "b (3 of 6)"],
  ])("for the most frequent reason: %j", (reasons, reason) => {
    const undecided = new Map<string, number>()
    for (const each of reasons) countReason(undecided, each)
    expect(outcome({ tally: { undecided } })).toEqual({ verdict: "inconclusive", reason })
  })

  test("also when its requests were not sent, unless it is about the whole run", () => {
    const tally = { undecided: new Map([["a", 1]]) }
    expect(outcome({ tally })).toEqual({ verdict: "inconclusive", reason: "a" })
    expect(outcome({ tally, rule: { scope: "run" } })).toEqual({
      verdict: "not-run",
      reason: "this run did not ask for it",
    })
    const groups = [group("the-probe", [asked({})])]
    expect(outcome({ tally, rule: { scope: "run" }, groups })).toEqual({
      verdict: "inconclusive",
      reason: "a",
    })
  })

  test("or was not run, if nothing that the kit sends brings its exchanges about", () => {
    const occasional: RuleFacts = { occasional: true }
    expect(outcome({ rule: occasional, tally: { undecided: new Map([["a", 1]]) } })).toEqual({
      verdict: "not-run",
      reason: "it did not come up: a",
    })
    expect(outcome({ rule: occasional, groups: [group("the-probe", [asked({ status: 500 })])] })).toEqual({
      verdict: "not-run",
      reason: "it did not come up (replies of its kind)",
    })
  })
})

describe("a rule without an exchange of its kind", () => {
  test.each([
    [{ end: { kind: "timeout", stage: "head" } }, "no answer within the timeout"],
    [{ end: { kind: "network", stage: "head", code: "ECONNRESET" } }, "no answer: ECONNRESET"],
    [{ end: { kind: "network", stage: "head" } }, "no answer: network"],
    [{ status: 429 }, "the target answered 429"],
    [{ status: 503 }, "the target answered 503"],
    [{ status: 500 }, "the target failed: 500"],
    [{ status: 599 }, "the target failed: 599"],
    [{ status: 400 }, "the target refused the request: 400"],
    [{ status: 499 }, "the target refused the request: 499"],
    [{ status: 399 }, nothingFits],
    [{ status: 200 }, nothingFits],
  ] as const)("is inconclusive because of how it was answered: %j", (facts, reason) => {
    expect(outcome({ groups: [group("the-probe", [asked(facts)])] })).toEqual({
      verdict: "inconclusive",
      reason,
    })
  })

  test("names the most frequent answer of those that explain it", () => {
    const groups = [
      group("the-probe", [asked({ status: 200 }), asked({ status: 500 }), asked({ status: 400 })]),
      group("the-probe", [asked({ status: 400 })]),
      group("other", [asked({ status: 500 }), asked({ status: 500 })]),
    ]
    expect(outcome({ groups })).toEqual({
      verdict: "inconclusive",
      reason: "the target refused the request: 400 (2 of 3)",
    })
  })

  const notRun = (reason: string): { verdict: Verdict; reason: string } => ({ verdict: "not-run", reason })

  test("was not run when one of its probes, or its own requests, were not sent", () => {
    const reason = notRun("this run did not ask for it")
    expect(outcome({})).toEqual(reason)
    const own = group("test.rule", [asked({})])
    const probed = group("the-probe", [asked({})])
    expect(outcome({ groups: [own] })).toEqual(reason)
    expect(outcome({ rule: { asks: true }, groups: [probed] })).toEqual(reason)
    expect(outcome({ rule: { asks: true }, groups: [probed, own] })).toEqual({
      verdict: "inconclusive",
      reason: nothingFits,
    })
    expect(outcome({ rule: { asks: true, probes: [] }, groups: [own] }).verdict).toBe("inconclusive")
  })

  test("was not run when they were cut, for the reason that cut the run", () => {
    const cut = "the budget of 30 requests is used up"
    const groups = [group("the-probe", [asked({})], { cut })]
    expect(outcome({ groups })).toEqual({ ...notRun(cut), isCut: true })
    // The cut of another rule's requests is not a gap of this one, which a shorter run did not ask for.
    expect(outcome({ groups: [group("other", []), group("another", [], { cut })] })).toEqual(
      notRun("this run did not ask for it"),
    )
    const whole = group("the-probe", [asked({})])
    expect(outcome({ groups: [group("the-probe", [], { cut }), whole] }).verdict).toBe("inconclusive")
  })

  test("is inconclusive when what was sent before the cut explains it", () => {
    const groups = [group("the-probe", [asked({ status: 500 })], { cut: "out of time" })]
    expect(outcome({ groups })).toEqual({ verdict: "inconclusive", reason: "the target failed: 500" })
  })
})
