import { startMock } from "@nexhina/mock/node"
import type { ProfileName } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { defects } from "../../defects/src/index.ts"
import { type CheckedRecording, check } from "../src/check.ts"
import { checkSettingsOf } from "../src/check-options.ts"
import { transcriptRecorder } from "../src/inputs/transcript.ts"
import { settingsOf } from "../src/options.ts"
import { exitCodeOf, type Report } from "../src/reports/report.ts"
import { run } from "../src/run.ts"

const apiKey = "sk-check-test-key"

interface Recorded {
  readonly lines: readonly string[]
  readonly report: Report
}

/** Runs the kit against a mock with defects, and records the run. */
async function recorded(
  profile: ProfileName,
  ids: readonly string[],
  flags: Record<string, unknown>,
): Promise<Recorded> {
  await using server = await startMock({
    profile,
    keys: [apiKey],
    strictModels: true,
    callTools: true,
    alterations: defects.filter(({ id }) => ids.includes(id)),
    always: ids.map((id) => ({ id, rate: 1 })),
  })
  const lines: string[] = []
  const recorder = transcriptRecorder((line) => lines.push(line), [apiKey])
  const settings = settingsOf({ baseUrl: server.baseURL, apiKey, profile, include: ["all"], ...flags })
  const report = await run(settings, recorder)
  return { lines, report }
}

const utf8 = new TextEncoder()

/** Returns a file with these lines. */
export const fileOf = (lines: readonly string[], name = "run.ndjson") => ({
  name,
  async *bytes() {
    for (const line of lines) yield utf8.encode(`${line}\n`)
  },
})

export function checkedLines(
  lines: readonly string[],
  flags: Record<string, unknown> = {},
): Promise<CheckedRecording> {
  const world = { startedAt: new Date(0), elapsed: () => 0 }
  return check(checkSettingsOf(flags), [fileOf(lines)], world)
}

const include = ["chat", "models", "embeddings"]

const some = { include: ["chat"], rule: ["err.*", "stream.*", "chat.id-unique"] }

/** Returns the first defect of each rule. */
const defectsOf = (rules: readonly string[]): string[] =>
  rules.flatMap((rule) => defects.find(({ breaks }) => breaks === rule)?.id ?? [])

/** What `check` must say as the run did: everything but the commands that show a finding again. */
const comparable = ({ recording: _, ...report }: Report) => ({
  ...report,
  findings: report.findings.map(({ curl: _, ...finding }) => finding),
})

describe("check of the transcript of a run is the verdict of the run, rule by rule", () => {
  test.each<[string, ProfileName, readonly string[], Record<string, unknown>]>([
    ["of a conforming server", "nexhina", [], { quick: true }],
    ["of a conforming server", "openai", [], { quick: true, include }],
    [
      "with defects",
      "nexhina",
      defectsOf(["chat.id-unique", "stream.created", "err.envelope"]),
      { runs: 2, ...some },
    ],
    ["with defects", "openai", defectsOf(["auth.key-not-echoed", "emb.order"]), { quick: true, include }],
  ])("%s (%s, %j)", async (_, profile, ids, flags) => {
    const { lines, report } = await recorded(profile, ids, flags)
    expect(report.summary.fail > 0).toBe(ids.length > 0)
    const checked = await checkedLines(lines)
    expect(comparable(checked.report)).toEqual(comparable(report))
    expect(checked.exitCode).toBe(exitCodeOf(report, false))
  })
})
