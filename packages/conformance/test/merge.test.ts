import { startMock } from "@nexhina/mock/node"
import { beforeAll, describe, expect, test } from "vitest"
import { defects } from "../../defects/src/index.ts"
import { check } from "../src/check.ts"
import { transcriptRecorder } from "../src/inputs/transcript.ts"
import { merge } from "../src/merge.ts"
import { checkSettingsOf } from "../src/options/check-options.ts"
import { settingsOf } from "../src/options/options.ts"
import { exitCodeOfMatrix, matrixFormats, matrixOf, matrixText } from "../src/reports/matrix.ts"
import { outcomeText } from "../src/reports/outcome-text.ts"
import type { Report } from "../src/reports/report.ts"
import { run } from "../src/run.ts"

const apiKey = "sk-merge-test-key"
const broken = ["chat.id-unique", "emb.order", "err.envelope"]
const ids = broken.flatMap((rule) => defects.find(({ breaks }) => breaks === rule)?.id ?? [])
const flags = {
  apiKey,
  runs: 2,
  include: ["chat", "models", "embeddings"],
  rule: ["err.*", "emb.*", "chat.*"],
}

async function recorded(shard: string | undefined, baseUrl: string) {
  const lines: string[] = []
  const settings = settingsOf({ ...flags, baseUrl, ...(shard && { shard }) })
  const report = await run(
    settings,
    transcriptRecorder((line) => lines.push(line), [apiKey]),
  )
  return { report, lines }
}

const sourceOf = (lines: readonly string[], nth: number) => ({
  name: `${nth + 1}.ndjson`,
  async *bytes() {
    yield new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))
  },
})

const world = { startedAt: new Date(0), elapsed: () => 0 }

const merged = (parts: readonly (readonly string[])[]) =>
  merge(checkSettingsOf({}), parts.map(sourceOf), world)

const facts = ({ rules, causes, findings, outcome }: Report) => ({
  rules: rules.map(({ id, verdict }) => [id, verdict]),
  causes: causes.map(({ id }) => id).sort(),
  findings: findings.map(({ id }) => id).sort(),
  outcome,
})

describe("shards of a run", () => {
  let whole: Report
  const parts: { report: Report; lines: string[] }[] = []

  beforeAll(async () => {
    await using server = await startMock({
      keys: [apiKey],
      strictModels: true,
      callTools: true,
      alterations: defects.filter(({ id }) => ids.includes(id)),
      always: ids.map((id) => ({ id, rate: 1 })),
    })
    whole = (await recorded(undefined, server.baseURL)).report
    for (const index of [1, 2, 3, 4]) parts.push(await recorded(`${index}/4`, server.baseURL))
  })

  test("are parts of it, each smaller than the whole", () => {
    for (const { report } of parts) expect(report.requests).toBeLessThan(whole.requests)
  })

  test("say which part they are, and so does their check: a part is not the whole", async () => {
    for (const [at, { report, lines }] of parts.entries()) {
      const shard = { index: at + 1, count: 4 }
      const says = `This is part ${at + 1} of 4 of a run: merge the transcripts of all parts for the result of the whole.`
      const { report: again } = await check(checkSettingsOf({}), [sourceOf(lines, at)], world)
      for (const each of [report, again])
        expect([each.shard, outcomeText(each)]).toEqual([shard, expect.stringContaining(says)])
    }
    const { report } = await merged(parts.map(({ lines }) => lines))
    expect([report.shard, outcomeText(report)]).toEqual([undefined, expect.not.stringContaining("part")])
    // Some of the parts are neither one nor the whole.
    const [one, , three] = parts.map(({ lines }, at) => sourceOf(lines, at))
    const some = await check(
      checkSettingsOf({}),
      [one, three].flatMap((each) => each ?? []),
      world,
    )
    expect(some.report.reason).toBe("parts 2, 4 of 4 of the run are missing")
  })

  test("four of them merged, in any order, are the whole run: verdicts, causes, ids", async () => {
    expect(whole.findings.length).toBeGreaterThan(3)
    const lines = parts.map((part) => part.lines)
    for (const order of [lines, lines.toReversed()])
      expect(facts((await merged(order)).report)).toEqual(facts(whole))
  })

  test("of which one is missing are incomplete; one that is given twice is refused", async () => {
    const [one = [], two = [], three = []] = parts.map((part) => part.lines)
    const { report } = await merged([one, three])
    expect(report.reason).toBe("parts 2, 4 of 4 of the run are missing")
    await expect(merged([one, two, one])).rejects.toThrow(/^'.+' and '.+' have the same run: its exchanges/)
    // A part that was run again.
    const again = changed(0, { startedAt: "2026-12-01T00:00:00.000Z" })
    await expect(merged([one, two, again])).rejects.toThrow("merge: part 1 of 4 is given twice")
  })

  /** Returns the lines of a part with other members in its first line. */
  const changed = (at: number, members: object): string[] => {
    const [first = "", ...rest] = parts[at]?.lines ?? []
    return [JSON.stringify({ ...JSON.parse(first), ...members }), ...rest]
  }
  const withArguments = (...added: readonly string[]) => ({
    replay: [...JSON.parse(parts[0]?.lines[0] ?? "").replay, ...added],
  })

  test.each<[string, () => object, () => object, string]>([
    ["seeds", () => ({ seed: 1 }), () => ({ seed: 7 }), "part 1 was run with --seed 1, part 2 with --seed 7"],
    [
      "kits",
      () => ({ kit: "0.1.0" }),
      () => ({ kit: "0.2.0" }),
      "part 1 was run with version 0.1.0 of the kit, part 2 with version 0.2.0 of the kit",
    ],
    [
      "surfaces",
      () => ({ include: ["chat", "models"] }),
      () => ({ include: ["chat"] }),
      "part 1 was run with --include chat,models, part 2 with --include chat",
    ],
    [
      "traits",
      () => ({}),
      () => ({ traits: ["single-model"] }),
      "part 1 was run with no --trait, part 2 with --trait single-model",
    ],
    [
      "rules",
      () => ({ rules: ["chat.schema", "emb.order"] }),
      () => ({ rules: ["chat.schema"] }),
      "part 1 was run with the rules emb.order, part 2 with no other rules",
    ],
    [
      "keys",
      () => ({}),
      () => ({
        replay: JSON.parse(parts[1]?.lines[0] ?? "").replay.filter(
          (each: string) => !/api-key|API_KEY/i.test(each),
        ),
      }),
      "part 1 was run with an API key, part 2 with no API key",
    ],
    [
      "ways of asking",
      () => withArguments("--voice", "ash"),
      () => withArguments("--voice", "sage"),
      "part 1 was run with --voice ash, part 2 with --voice sage",
    ],
  ])("of different %s are refused, with both values and the remedy", async (_, one, two, says) => {
    await expect(merged([changed(0, one()), changed(1, two())])).rejects.toThrow(
      `merge: the files are parts of different runs: ${says}. Run all parts with the same options`,
    )
  })

  test("of different targets are refused, unless each asked a built-in mock server", async () => {
    const other = { target: "http://127.0.0.1:9/v1" }
    await expect(merged([changed(0, {}), changed(1, other)])).rejects.toThrow(
      /^the recorded runs asked different targets \(http:\/\/127\.0\.0\.1:\d+\/v1 and http:\/\/127\.0\.0\.1:9\/v1\): check each by itself/,
    )
    const lines = [0, 1, 2, 3].map((at) =>
      changed(at, { embedded: true, target: `http://127.0.0.1:${at + 1}/v1` }),
    )
    expect(facts((await merged(lines)).report)).toEqual(facts(whole))
  })

  test("may differ in pace", async () => {
    const lines = parts.map((part) => part.lines)
    const paced = changed(0, withArguments("--rate", "100", "--timeout", "5", "--concurrency", "1"))
    expect(facts((await merged([paced, ...lines.slice(1)])).report)).toEqual(facts(whole))
  })

  test("are not whole runs", async () => {
    const { shard: _, ...line } = JSON.parse(parts[0]?.lines[0] ?? "")
    const run = [JSON.stringify(line), ...(parts[0]?.lines.slice(1) ?? [])]
    const later = [JSON.stringify({ ...line, startedAt: "2026-12-01T00:00:00.000Z" }), ...run.slice(1)]
    await expect(merged([run, later])).rejects.toThrow(
      "merge: each file is a whole run, and merge takes the parts of one (run --shard 1/2, run --shard 2/2). To compare runs, give it their JSON reports",
    )
  })

  test("reports of several targets are a matrix, and its exit code is that of the worst", () => {
    const conforming: Report = {
      ...whole,
      target: "http://b/v1",
      outcome: "conformant",
      rules: whole.rules.map((each) => ({ ...each, verdict: "pass" })),
    }
    const reports = [
      { name: "a.json", report: whole },
      { name: "b.json", report: conforming },
    ]
    const matrix = matrixOf(reports)
    expect(matrix.rules.find(({ id }) => id === "emb.order")?.verdicts).toEqual(["warn", "pass"])
    expect(matrixText(matrix)).toMatch(/^emb\.order +warn +pass$/m)
    expect(exitCodeOfMatrix(reports)).toBe(1)
    expect(matrixFormats.html(reports)).toContain("<title>Conformance report: 2 targets</title>")
    // A target whose findings are waived does not conform, and its run does not fail.
    const summary = { ...whole.summary, fail: 0, waived: whole.summary.fail }
    expect(exitCodeOfMatrix([{ name: "a.json", report: { ...whole, summary } }])).toBe(0)
  })
})
