import { endpoints, type OperationId, type Surface } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { type RuleResult, type Verdict, verdictNames } from "../reports/report.ts"
import { type Rule, type Severity, severityOf } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import type { ExecutedSample } from "../target/execute.ts"
import { type Coverage, conclude } from "./conclude.ts"
import { sentIn } from "./sent.ts"

const known = knownOf()

const result = (severity: Severity | "not-applicable", verdict: Verdict): RuleResult => ({
  id: "test.rule",
  surface: "models",
  severity,
  verdict,
  judged: 1,
  cases: 0,
  findings: [],
})

/** What a request was answered with: a status, or a reply in full; `undefined` stands for no answer. */
type Answer = number | Parameters<typeof exchangeOf>[0] | undefined

const answeringTo = (operation: OperationId, ...answers: readonly Answer[]): ExecutedSample => ({
  sample: { by: "test.rule", index: 0, asks: [] },
  asked: answers.map((answer) => ({
    step: { operation },
    exchange: exchangeOf({
      operation,
      ...(answer === undefined
        ? { end: { kind: "network", stage: "head" } }
        : typeof answer === "number"
          ? { status: answer }
          : answer),
    }),
  })),
})

const answering = (...answers: readonly Answer[]) => [answeringTo("listModels", ...answers)]

/** A request that was invalid on purpose, and how the target answered it. */
const spoilt = (operation: OperationId, status: number): ExecutedSample => {
  const fault = { kind: "missing", says: "a member is missing" } as const
  return {
    sample: { by: "test.rule", index: 0, asks: [] },
    asked: [{ step: { operation, fault }, exchange: exchangeOf({ operation, status, fault }) }],
  }
}

/** Results whose id begins so are open. */
const openOf = (results: readonly RuleResult[]) =>
  new Set(results.map(({ id }) => id).filter((id) => id.startsWith("open")))

/** Concludes a run of all rules on the models of a target that answers, unless the coverage says otherwise. */
const covering = (results: readonly RuleResult[], coverage: Partial<Coverage>) =>
  conclude(results, {
    selected: rules,
    include: ["models"],
    known,
    sent: sentIn(answering(200)),
    open: openOf(results),
    stopped: undefined,
    ...coverage,
  })

const concluded = (
  results: readonly RuleResult[],
  selected: readonly Rule[] = rules,
  groups = answering(200),
  stopped?: string,
) => covering(results, { selected, sent: sentIn(groups), stopped })

const without = (isLeftOut: (rule: Rule) => boolean): Rule[] => {
  const [left] = rules.filter(isLeftOut)
  if (!left) throw new RangeError("no such rule")
  return rules.filter((rule) => rule !== left)
}

test("verdicts are counted, those that did not occur too", () => {
  const { summary } = concluded(
    [...verdictNames, "pass", "warn"].map((verdict) => result("MUST", verdict as Verdict)),
  )
  expect(Object.keys(summary)).toEqual(verdictNames)
  for (const name of verdictNames) expect(summary[name]).toBe(name === "pass" || name === "warn" ? 2 : 1)
  expect(new Set(Object.values(concluded([]).summary))).toEqual(new Set([0]))
})

describe("a target is", () => {
  const passed = result("MUST", "pass")

  test("conformant when every MUST rule passed, whatever became of the others", () => {
    for (const verdict of verdictNames) {
      expect(concluded([passed, result("SHOULD", verdict), result("MAY", verdict)]).conformant).toBe(true)
      expect(concluded([passed, result("not-applicable", verdict)]).conformant).toBe(true)
    }
  })

  test("not conformant when one MUST rule failed, whatever the run left out", () => {
    for (const verdict of verdictNames) {
      const results = [passed, result("MUST", verdict), result("MUST", "fail")]
      expect(concluded(results).conformant).toBe(false)
      expect(concluded(results, []).conformant).toBe(false)
    }
  })

  test("neither when a MUST rule did not pass and none failed", () => {
    for (const verdict of verdictNames.filter((name) => name !== "pass" && name !== "fail")) {
      expect(concluded([passed, result("MUST", verdict)]).conformant).toBeNull()
    }
  })

  test("neither when one MUST rule of its surfaces was not selected", () => {
    const isMust = (rule: Rule) => severityOf(rule, known) === "MUST"
    expect(
      concluded(
        [passed],
        without((rule) => isMust(rule) && rule.on.surface === "models"),
      ).conformant,
    ).toBeNull()
    expect(
      concluded(
        [passed],
        without((rule) => isMust(rule) && rule.on.surface === "http"),
      ).conformant,
    ).toBeNull()
    expect(concluded([passed], []).conformant).toBeNull()
  })

  test("neither when it is judged by a part of the samples, and not conformant when one of them fails", () => {
    expect(covering([passed], { isPart: true }).conformant).toBeNull()
    expect(covering([passed, result("MUST", "fail")], { isPart: true }).conformant).toBe(false)
  })

  test("conformant when only rules of other surfaces, or less than MUST, were not selected", () => {
    const isMust = (rule: Rule) => severityOf(rule, known) === "MUST"
    expect(
      concluded(
        [passed],
        without((rule) => isMust(rule) && rule.on.surface === "chat"),
      ).conformant,
    ).toBe(true)
    const musts = rules.filter(isMust)
    expect(musts.length).toBeLessThan(rules.length)
    expect(concluded([passed], musts).conformant).toBe(true)
    const onModels = rules.filter(({ on }) => on.surface === "models")
    expect(covering([passed], { selected: onModels, include: ["chat"] }).conformant).toBeNull()
  })

  test("conformant to a set of requirements when the rules of the set were selected", () => {
    const [late] = rules.filter((rule) => severityOf(rule, known) === "MUST" && rule.on.surface === "models")
    const selected = without((rule) => rule === late)
    const requirements = { has: (rule: unknown) => rule !== late }
    expect(covering([passed], { selected, requirements }).conformant).toBe(true)
    expect(covering([passed], { selected, requirements: { has: () => true } }).conformant).toBeNull()
    expect(covering([passed], { selected: [], requirements }).conformant).toBeNull()
  })

  test("said to answer on the surfaces that answered with 2xx, in the order of the contract", () => {
    const sent = sentIn([
      answeringTo("createEmbedding", 200),
      answeringTo("createSpeech", 404),
      answeringTo("listModels", 200),
    ])
    const { summary: _, ...conclusion } = covering([passed], { sent })
    expect(conclusion).toStrictEqual({
      outcome: "conformant",
      conformant: true,
      answered: ["models", "embeddings"],
    })
  })
})

describe("a run is incomplete", () => {
  const passed = result("MUST", "pass")
  const undecided = { ...result("MUST", "inconclusive"), id: "open.rule", reason: "no answer: ECONNRESET" }
  const endpointInBase =
    "the base URL must end with the version, such as /v1, without the path of an endpoint"

  test.each<[readonly (number | undefined)[], string]>([
    [[404, 404], "every request was answered 404: does the base URL lack /v1?"],
    [[401], "every request was answered 401: is the API key valid?"],
    [[403], "every request was answered 403: may the API key use this target?"],
    [[429, 429], "every request was answered 429: wait, or lower --rate and --concurrency"],
    [[500, 500], "every request was answered 500"],
    [[404, 500], "no request was answered with 2xx, but with 404, 500"],
    [[undefined, 404, 500], "no request was answered with 2xx, but with 404, 500, or not at all"],
    [[404, undefined], "no request was answered with 2xx, but with 404, or not at all"],
    [[undefined], "no request was answered"],
    [[], "no request was answered"],
  ])("when the statuses are %j", (statuses, reason) => {
    expect(concluded([passed], rules, answering(...statuses))).toMatchObject({
      outcome: "incomplete",
      reason,
      conformant: null,
      answered: [],
    })
  })

  test.each([
    ["http://127.0.0.1:4010", "does the base URL lack /v1?"],
    ["https://api.example/openai", "does the base URL lack /v1?"],
    ["https://api.example/v1", "is the base URL that of the API?"],
    ["https://api.example/v1beta", "is the base URL that of the API?"],
    ["https://api.example/v12", "is the base URL that of the API?"],
    ["https://api.example/?next=/v1", "does the base URL lack /v1?"],
    ["https://api.example/vertex", "does the base URL lack /v1?"],
    ["https://api.example/v1/chat/completions", endpointInBase],
    ["https://api.example/v1beta/models", endpointInBase],
    ["a-recording.ndjson", "does the base URL lack /v1?"],
    [undefined, "does the base URL lack /v1?"],
  ])("with a hint that fits %s where everything is 404, or a web page", (base, hint) => {
    const target = base === undefined ? {} : { target: base }
    expect(covering([passed], { ...target, sent: sentIn(answering(404)) }).reason).toBe(
      `every request was answered 404: ${hint}`,
    )
    const page = { status: 200, type: "text/html; charset=utf-8", body: "<h1>Welcome</h1>" }
    expect(covering([passed], { ...target, sent: sentIn(answering(page, page)) })).toMatchObject({
      outcome: "incomplete",
      reason: `every request was answered with a web page: ${hint}`,
      conformant: null,
    })
    expect(covering([passed], { ...target, sent: sentIn(answering(page, 200)) }).outcome).toBe("conformant")
  })

  describe("when every request was redirected", () => {
    const target = "http://api.example/v1"
    const redirect = (location: string, status = 308) => ({
      status,
      headers: [["location", location]] as const,
    })
    const reasonOf = (...answers: readonly Answer[]) =>
      covering([passed], { target, sent: sentIn(answering(...answers)) }).reason
    const redirected = (statuses: string, base: string) =>
      `every request was redirected (${statuses}), which the kit does not follow: is ${base} the base URL?`

    test.each([
      ["https://api.example/v1/models", "https://api.example/v1"],
      ["/api/v2/models", "http://api.example/api/v2"],
      ["//eu.api.example:8080/models?limit=5#top", "http://eu.api.example:8080"],
    ])("to %s, the reason names the base URL of that address", (location, base) => {
      expect(reasonOf(redirect(location))).toBe(redirected("308", base))
      expect(reasonOf(redirect(location, 301), redirect(location, 302))).toBe(redirected("301, 302", base))
    })

    test.each([
      ["a page for people", "https://api.example/login"],
      ["a page below the path", "https://api.example/models/index.html"],
      ["an address that is not of the web", "ftp://api.example/v1/models"],
      ["an application of the user's", "x-https://api.example/v1/models"],
      ["no address", "http://"],
    ])("to %s, it names no base URL", (_, location) => {
      expect(reasonOf(redirect(location))).toBe("every request was answered 308")
    })

    test("unless one was not, or got no answer", () => {
      const away = redirect("https://api.example/v1/models")
      expect(reasonOf(away, 404)).toBe("no request was answered with 2xx, but with 308, 404")
      expect(reasonOf(away, undefined)).toBe("no request was answered with 2xx, but with 308, or not at all")
    })
  })

  test("when it was ended, unless a MUST rule is broken", () => {
    const stopped = "the run was interrupted by SIGINT"
    const ended = (...results: RuleResult[]) => concluded(results, rules, answering(200), stopped)
    expect(ended(passed)).toMatchObject({ outcome: "incomplete", reason: stopped, conformant: null })
    const broken = ended(passed, result("MUST", "fail"))
    expect(broken).toMatchObject({ outcome: "not-conformant", reason: stopped, conformant: false })
  })

  test("when more than a tenth of the MUST rules that were asked for is undecided", () => {
    const nine = Array.from({ length: 9 }, () => passed)
    expect(concluded([...nine, undecided])).toMatchObject({ outcome: "conformant" })
    expect(concluded([...nine, undecided, undecided])).toMatchObject({
      outcome: "incomplete",
      reason: "2 of 11 MUST rules could not be judged (open.rule: no answer: ECONNRESET)",
    })
    const cut = {
      ...result("MUST", "not-run"),
      id: "open.cut",
      reason: "the budget of 1 requests was used up",
    }
    expect(concluded([passed, cut]).outcome).toBe("incomplete")
  })

  test("whatever the rules are whose judgement was not due, as they make no share of the evidence", () => {
    const reason = "1 of 2 MUST rules could not be judged (open.rule: no answer: ECONNRESET)"
    const others = [
      result("MUST", "unsupported"),
      result("MUST", "not-applicable"),
      result("MUST", "not-run"),
      result("SHOULD", "pass"),
      { ...passed, surface: "chat" },
    ]
    for (const other of others) {
      const many = Array.from({ length: 20 }, () => other)
      expect(concluded([passed, undecided, ...many])).toMatchObject({ outcome: "incomplete", reason })
    }
  })

  test("but not for rules that were not asked for, do not apply, or belong to a surface that answers nothing", () => {
    const others: RuleResult[] = [
      { ...result("MUST", "not-run"), reason: "this run did not ask for it" },
      { ...result("MUST", "not-run"), reason: "it did not come up (errors with status 429)" },
      result("MUST", "unsupported"),
      result("MUST", "not-applicable"),
      { ...undecided, severity: "SHOULD" },
      { ...undecided, surface: "chat" },
    ]
    expect(concluded([passed, ...others]).outcome).toBe("conformant")
  })
})

describe("a surface that never answers with 2xx makes a run incomplete", () => {
  const passed = result("MUST", "pass")
  const undecided = (surface: Surface): RuleResult => ({
    ...result("MUST", "inconclusive"),
    id: `open.${surface}`,
    surface,
  })
  /** Concludes a run on the models, which are answered, and on what is asked besides. */
  const reasonOf = (results: readonly RuleResult[], ...groups: readonly ExecutedSample[]) => {
    const include = [...groups.flatMap(({ asked }) => asked.slice(0, 1).map(surfaceOf)), "models" as const]
    const sent = sentIn([...answering(200), ...groups])
    const { outcome, reason } = covering([passed, ...results], { include, sent })
    expect(outcome).toBe(reason === undefined ? "conformant" : "incomplete")
    return reason
  }
  const surfaceOf = ({ step }: ExecutedSample["asked"][number]): Surface =>
    endpoints[step?.operation ?? "listModels"].surface

  test.each([
    [[404], "404: does the target serve this model? Name another with --embedding-model"],
    [[400, 400], "400: does the target serve this model? Name another with --embedding-model"],
    [[500, 404], "500, 404: does the target serve this model? Name another with --embedding-model"],
    [[500, 503], "500, 503"],
    [[401], "401"],
  ])("with the option that names its model where the statuses suggest that: %j", (statuses, but) => {
    expect(reasonOf([undecided("embeddings")], answeringTo("createEmbedding", ...statuses))).toBe(
      `no valid request to embeddings was answered with 2xx, but with ${but}`,
    )
  })

  test("or several, each status and each option once", () => {
    expect(
      reasonOf(
        [undecided("chat"), undecided("responses"), undecided("audio")],
        answeringTo("createChatCompletion", 404, 500),
        answeringTo("createResponse", 404),
        answeringTo("createSpeech", 500, 400),
      ),
    ).toMatchInlineSnapshot(
      `"no valid request to chat, responses, audio was answered with 2xx, but with 404, 500, 400: does the target serve this model? Name another with --model, --speech-model, --transcription-model"`,
    )
  })

  test("also where another surface with the same model answers", () => {
    const include = ["models", "chat", "responses"] as const
    const sent = sentIn([
      ...answering(200),
      answeringTo("createChatCompletion", 200),
      answeringTo("createResponse", 400),
    ])
    expect(covering([passed, undecided("responses")], { include, sent }).reason).toBe(
      "no valid request to responses was answered with 2xx, but with 400: does the target serve this model? Name another with --model",
    )
  })

  test("without an option where no model is asked for", () => {
    const include = ["models", "chat"] as const
    const sent = sentIn([...answering(404), answeringTo("createChatCompletion", 200)])
    expect(covering([undecided("models")], { include, sent }).reason).toBe(
      "no valid request to models was answered with 2xx, but with 404",
    )
  })

  test("however few of all rules are its own", () => {
    const many = Array.from({ length: 100 }, () => passed)
    expect(reasonOf([...many, undecided("embeddings")], answeringTo("createEmbedding", 500))).toBe(
      "no valid request to embeddings was answered with 2xx, but with 500",
    )
  })

  const failing = answeringTo("createEmbedding", 500)
  const open = undecided("embeddings")
  const decided = Array.from({ length: 10 }, () => passed)
  test.each<[string, readonly RuleResult[], ExecutedSample]>([
    ["it answered once", [...decided, open], answeringTo("createEmbedding", 500, 200)],
    ["it never answered at all", [open], answeringTo("createEmbedding", undefined)],
    ["it answered only requests that were invalid on purpose", [open], spoilt("createEmbedding", 400)],
    ["its rules were decided", [{ ...open, verdict: "pass" }], failing],
    ["its rules are not supported", [{ ...open, verdict: "unsupported" }], failing],
    ["the run did not ask for its rules", [{ ...open, id: "test.rule" }], failing],
    ["only a SHOULD is undecided", [{ ...open, severity: "SHOULD" }], failing],
    ["the undecided rule is of another surface", [{ ...open, surface: "video" }], failing],
    ["one of its MUST rules is waived", [open, { ...open, id: "test.rule", verdict: "waived" }], failing],
  ])("unless %s", (_, results, group) => {
    expect(reasonOf(results, group)).toBeUndefined()
  })

  test("unless it is not included", () => {
    const sent = sentIn([...answering(200), failing])
    expect(covering([passed, open], { sent }).outcome).toBe("conformant")
  })

  test("unless one of its MUST rules is broken, which is the answer; a broken one of another is not", () => {
    const conclusionOf = (broken: RuleResult) => {
      const sent = sentIn([...answering(200), failing])
      return covering([passed, open, broken], { include: ["models", "embeddings"], sent })
    }
    const broken = result("MUST", "fail")
    expect(conclusionOf({ ...broken, surface: "embeddings" })).not.toHaveProperty("reason")
    expect(conclusionOf(broken)).toMatchObject({
      outcome: "not-conformant",
      reason: "no valid request to embeddings was answered with 2xx, but with 500",
    })
    const should: RuleResult = { ...result("SHOULD", "waived"), surface: "embeddings" }
    expect(conclusionOf(should).outcome).toBe("incomplete")
  })
})
