import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { always, checked } from "../../test/checked.ts"
import { passed, sampleFinding, sampleReport } from "../../test/sample-report.ts"
import { UsageError } from "../options/options.ts"
import { type BaselineResult, exitCodeOf, type Report } from "../reports/report.ts"
import { applyBaseline } from "./apply.ts"
import { type BaselineEntry, baselineSchema, parseBaseline } from "./baseline.ts"
import { updatedBaseline } from "./update.ts"

const now = new Date("2026-06-15T12:00:00Z")
const done = "sse.done-once:repeated@createChatCompletion"
const created = "chat.schema:missing@createChatCompletion#/created"
const role = "err.envelope:no-message@createChatCompletion~messages[*].role"

const baselineOf = (...entries: (Partial<BaselineEntry> & { id: string })[]) =>
  parseBaseline(
    JSON.stringify({ findings: entries.map((entry) => ({ reason: "known", ...entry })) }),
    "baseline.yaml",
  )

/** The ids in each list of the result. */
const listsOf = ({ baseline }: Report) =>
  Object.fromEntries(
    Object.entries(baseline ?? {}).map(([list, entries]) => [
      list,
      Array.isArray(entries) ? entries.map(({ id }) => id) : entries,
    ]),
  )

test.each([
  ["findings: {}", /^--baseline: b.yaml:1: findings: expected a list$/],
  ["[]", /^--baseline: b.yaml:1: expected an object with a list 'findings'$/],
  ["findings: [\n", /^--baseline: b.yaml:2: /],
  [`findings:\n  - id: ${done}\n`, /^--baseline: b.yaml:2: reason: expected a string$/],
  [
    `findings:\n  - id: ${done}\n    reason: ''\n`,
    /^--baseline: b.yaml:3: reason: expected a string that is not empty$/,
  ],
  [
    `findings:\n  - id: ${done}\n    reason: x\n    expires: soon\n`,
    /^--baseline: b.yaml:4: expires: expected a date such as 2027-01-31$/,
  ],
  [
    `findings:\n  - id: ${done}\n    reason: x\n    expires: 2027-02-30\n`,
    /:4: expires: expected a date such as 2027-01-31$/,
  ],
  [`findings:\n  - id: ${done}\n    reason: x\n    until: 2027-01-01\n`, /:2: unknown member 'until'$/],
  ["findings:\n  - {id: nonsense, reason: x}\n", /:2: 'nonsense' is not the id of a finding; expected /],
  [
    "findings:\n  - {id: 'sse.done-one:repeated@createChatCompletion', reason: x}\n",
    /:2: unknown rule 'sse.done-one'. Did you mean 'sse.done-once'\?$/,
  ],
  [
    "findings:\n  - {id: 'sse.done-once:repeat@createChatCompletion', reason: x}\n",
    /:2: unknown fault of sse.done-once 'repeat'. Did you mean 'repeated'\?$/,
  ],
  [
    "findings:\n  - {id: 'sse.done-once:repeated@createChat', reason: x}\n",
    /:2: unknown operation 'createChat'. Did you mean 'createChatCompletion'\?$/,
  ],
  [
    `findings:\n  - {id: '${done}', reason: x}\n  - {id: '${done}', reason: y}\n`,
    /:3: '.*' is listed twice; remove one$/,
  ],
])("a baseline of %j is refused with file, line and remedy", (text, message) => {
  expect(() => parseBaseline(text, "b.yaml")).toThrow(UsageError)
  expect(() => parseBaseline(text, "b.yaml")).toThrow(message)
})

test.each(["", "# nothing yet\n", "findings:\n", "findings: []\n", "{}"])(
  "%j is an empty baseline",
  (text) => {
    expect(parseBaseline(text, "b.yaml").entries).toEqual([])
  },
)

describe("a baseline", () => {
  const seen = sampleFinding({ shownBy: "chat.stream" })

  test("waives what it lists: the run is green, the target still does not conform", () => {
    const expires = "2026-06-15"
    const report = applyBaseline(
      sampleReport([seen]),
      baselineOf({ id: done, reason: "gateway 2.4", owner: "team", expires }),
      now,
    )
    expect(listsOf(report)).toEqual({
      file: "baseline.yaml",
      waived: [done],
      stale: [],
      expired: [],
      unjudged: [],
    })
    expect(report.findings).toEqual([
      { ...seen, verdict: "waived", waiver: { reason: "gateway 2.4", owner: "team", expires } },
    ])
    expect(report.causes.map(({ verdict }) => verdict)).toEqual(["waived"])
    expect(report.rules.map(({ verdict }) => verdict)).toEqual(["waived"])
    expect(report.summary).toMatchObject({ waived: 1, fail: 0 })
    expect([report.conformant, report.outcome, exitCodeOf(report, true)]).toEqual([
      false,
      "not-conformant",
      0,
    ])
  })

  test("fails a run with a finding that it does not list, of the same rule too", () => {
    const other = sampleFinding({ id: "sse.done-once:repeated@createResponse", operation: "createResponse" })
    const report = applyBaseline(sampleReport([seen, other]), baselineOf({ id: done }), now)
    expect(report.rules.map(({ verdict }) => verdict)).toEqual(["fail"])
    expect(exitCodeOf(report, false)).toBe(1)
  })

  test("fails a run with a stale entry, and with an expired one, which waives nothing", () => {
    const green = sampleReport([], { others: [passed("sse.done-once")] })
    const stale = applyBaseline(green, baselineOf({ id: done }), now)
    expect([listsOf(stale)["stale"], exitCodeOf(stale, false)]).toEqual([[done], 1])

    const expired = applyBaseline(sampleReport([seen]), baselineOf({ id: done, expires: "2026-06-14" }), now)
    expect([listsOf(expired)["expired"], exitCodeOf(expired, false)]).toEqual([[done], 1])
    expect(expired.findings).toEqual([seen])
  })

  test("keeps a run with gaps incomplete, although every finding is waived", () => {
    const report = sampleReport([seen], { reason: "the run was interrupted by SIGINT" })
    expect(exitCodeOf(applyBaseline(report, baselineOf({ id: done }), now), false)).toBe(3)
  })

  test("waives no rule of a report that leaves findings out", () => {
    const report = applyBaseline(sampleReport([seen], { omitted: 4 }), baselineOf({ id: done }), now)
    expect(exitCodeOf(report, false)).toBe(1)
  })

  test.each<[string, Partial<Report>, Partial<BaselineEntry>, RegExp]>([
    ["its rule was not selected", {}, {}, /^its rule was not selected$/],
    [
      "its rule was judged on other operations only",
      { rules: [passed("sse.done-once", ["createResponse"])] },
      {},
      /^its rule was not judged on createChatCompletion$/,
    ],
    [
      "its rule was not judged",
      {
        rules: [
          {
            ...passed("sse.done-once", []),
            judged: 0,
            verdict: "unsupported",
            reason: "the target does not offer POST /chat/completions",
          },
        ],
      },
      {},
      /^its rule was not judged on createChatCompletion \(unsupported: the target does not offer POST/,
    ],
    [
      "no request had this member invalid",
      { rules: [passed("err.envelope")] },
      { id: role },
      /^its rule was not judged on createChatCompletion with an invalid messages\[\*\].role$/,
    ],
    [
      "the run ended early",
      { rules: [passed("sse.done-once")], stopped: "the time of 5 s was used up" },
      {},
      /^the run ended early: the time/,
    ],
    [
      "the requests that showed it were not sent",
      { rules: [passed("sse.done-once")], senders: ["chat.plain"] },
      { shownBy: "chat.stream" },
      /^the requests of chat.stream, which showed it, were not sent$/,
    ],
    [
      "the run was quick, and the entry does not say what showed it",
      { rules: [passed("sse.done-once")], quick: true },
      {},
      /^a quick run does not send every request$/,
    ],
  ])("says nothing of an entry when %s", (_, members, entry, because) => {
    const report = applyBaseline(
      sampleReport([], { others: [passed("http.answers")], ...members }),
      baselineOf({ id: done, ...entry }),
      now,
    )
    expect(report.baseline).toMatchObject({
      waived: [],
      stale: [],
      expired: [],
      unjudged: [{ because: expect.stringMatching(because) }],
    })
    expect(exitCodeOf(report, true)).toBe(0)
  })

  test("reports an entry as stale in a quick run that sent the request that showed it", () => {
    const report = sampleReport([], {
      others: [passed("sse.done-once")],
      quick: true,
      senders: ["chat.stream"],
    })
    expect(
      listsOf(applyBaseline(report, baselineOf({ id: done, shownBy: "chat.stream" }), now)),
    ).toMatchObject({ stale: [done] })
  })
})

const ids = [done, created, role, "http.answers:silent@listModels", "emb.count:too-few@createEmbedding"]
const arbitraryReport = fc
  .record({ seen: fc.subarray(ids), judged: fc.subarray(ids), severity: fc.constantFrom("MUST", "SHOULD") })
  .map(({ seen, judged, severity }) => {
    const parts = (id: string) => /^(.*?):(.*?)@([^#~]*)/.exec(id)?.slice(1) ?? []
    const findings = seen.map((id) => {
      const [rule = "", fault = "", operation = ""] = parts(id)
      return sampleFinding({ id, rule, fault, operation, severity: severity as "MUST" })
    })
    const others = judged
      .filter((id) => !seen.includes(id))
      .map((id) => passed(parts(id)[0] ?? "", [id.replace(/^.*@|#[^~]*/g, "")]))
    return sampleReport(findings, { others })
  })
const arbitraryEntries = fc
  .subarray(ids.slice(0, 4))
  .chain((listed) =>
    fc.tuple(
      ...listed.map((id) =>
        fc
          .option(fc.constantFrom("2026-06-14", "2026-06-15", "2027-01-01"), { nil: undefined })
          .map((expires) => ({ id, ...(expires !== undefined && { expires }) })),
      ),
    ),
  )

test("each entry is in exactly one list, in whatever order entries and findings come", () => {
  fc.assert(
    fc.property(arbitraryReport, arbitraryEntries, (report, entries) => {
      const lists = listsOf(applyBaseline(report, baselineOf(...entries), now))
      const { file: _, ...listed } = lists
      expect(Object.values(listed).flat().sort()).toEqual(entries.map(({ id }) => id).sort())
      const turned = { ...report, findings: report.findings.toReversed(), rules: report.rules.toReversed() }
      const again = listsOf(applyBaseline(turned, baselineOf(...entries.toReversed()), now))
      for (const [list, listedIds] of Object.entries(listed))
        expect([again[list] ?? []].flat().reverse()).toEqual(listedIds)
    }),
  )
})

/** Entries move when a file is written. */
const withoutLines = (entries: BaselineResult["waived"] = []) => entries.map(({ line: _, ...entry }) => entry)

test("an updated baseline waives every finding and has no stale entry; expired entries stay", () => {
  fc.assert(
    fc.property(arbitraryReport, arbitraryEntries, fc.boolean(), (report, entries, isJson) => {
      const before = { ...baselineOf(...entries), file: isJson ? "b.json" : "b.yaml" }
      const applied = applyBaseline(report, before, now)
      const text = updatedBaseline(before, applied, true)
      const again = applyBaseline(report, parseBaseline(text, before.file), now)
      expect(again.baseline?.stale).toEqual([])
      expect(withoutLines(again.baseline?.expired)).toEqual(withoutLines(applied.baseline?.expired))
      expect(withoutLines(again.baseline?.unjudged)).toEqual(withoutLines(applied.baseline?.unjudged))
      const open = again.findings.filter(({ verdict }) => verdict !== "waived").map(({ id }) => id)
      expect(open.every((id) => again.baseline?.expired.some((entry) => entry.id === id))).toBe(true)
      expect(updatedBaseline(parseBaseline(text, before.file), again, true)).toBe(text)
    }),
  )
})

test("an update keeps reasons, owners, days, order and comments, and writes what is new", () => {
  const text = `# Ours. Ask #gateway before you add anything.
findings:
  # vLLM sends it twice
  - id: ${done}
    reason: "fixed in 2.4"   # see the ticket
    owner: team-gateway
    expires: 2027-01-31
  - id: ${created}
    reason: gone by now
  # not looked at today
  - id: http.answers:silent@listModels
    reason: slow
`
  const other = sampleFinding({
    id: "emb.count:too-few@createEmbedding",
    rule: "emb.count",
    operation: "createEmbedding",
    shownBy: "emb.plain",
  })
  const report = sampleReport([other, sampleFinding({ shownBy: "chat.stream" })], {
    others: [passed("chat.schema")],
  })
  const before = parseBaseline(text, "b.yaml")
  expect(
    updatedBaseline(before, applyBaseline(report, before, now), false),
  ).toBe(`# Ours. Ask #gateway before you add anything.
findings:
  # vLLM sends it twice
  - id: ${done}
    reason: "fixed in 2.4" # see the ticket
    owner: team-gateway
    expires: 2027-01-31
    shownBy: chat.stream
  # not looked at today
  - id: http.answers:silent@listModels
    reason: slow
  - id: emb.count:too-few@createEmbedding
    reason: "not reviewed: added on 2026-01-01"
    shownBy: emb.plain
`)
})

test("a SHOULD finding is added only where it fails the run", () => {
  const report = sampleReport([sampleFinding({ severity: "SHOULD", verdict: "warn" })])
  const empty = parseBaseline("", "b.yaml")
  const addedTo = (strict: boolean) =>
    parseBaseline(updatedBaseline(empty, applyBaseline(report, empty, now), strict), "b.yaml").entries
  expect(addedTo(false)).toEqual([])
  expect(addedTo(true).map(({ id }) => id)).toEqual([done])
})

test("a baseline holds for every seed", async () => {
  const withoutCreated = always({
    id: "no-created",
    stage: "value",
    apply: (value) => {
      const { created: _, ...rest } = value as Record<string, unknown>
      return rest
    },
  })
  const runWith = (seed: number) =>
    checked(withoutCreated, { include: ["chat"], rule: ["chat.schema"], runs: 2, seed })
  const found = await runWith(1)
  expect(found.findings.map(({ id }) => id)).toEqual([created])
  const empty = parseBaseline("", "b.yaml")
  const text = updatedBaseline(empty, applyBaseline(found, empty, now), false)
  const baseline = parseBaseline(text, "b.yaml")
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const report = applyBaseline(await runWith(seed), baseline, now)
      expect(listsOf(report)).toMatchObject({ waived: [created], stale: [], unjudged: [] })
      expect(exitCodeOf(report, false)).toBe(0)
    }),
    { numRuns: 3 },
  )
})

test("the published schema of a baseline is what the code says", async () => {
  await expect(baselineSchema(), "stale: run 'npx -y pnpm@10.34.8 emit'").toMatchFileSnapshot(
    "../../baseline.schema.json",
  )
})
