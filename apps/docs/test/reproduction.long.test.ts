import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { type Finding, Report, rules, run, settingsOf } from "@nexhina/conformance"
import { type Defect, defects } from "@nexhina/defects"
import { createMock } from "@nexhina/mock"
import { startMock } from "@nexhina/mock/node"
import { expect, test } from "vitest"
import { profileOf } from "./scoreboard.ts"

const apiKey = "sk-reproduction-key"
const bin = fileURLToPath(
  new URL("../../../packages/conformance/bin/nexhina-conformance.js", import.meta.url),
)

/** Runs a command line as a user would paste it into a shell. */
function pasted(line: string): Promise<string> {
  const script = `nexhina-conformance() { "${process.execPath}" "${bin}" "$@"; }\n${line}`
  const env = { PATH: process.env["PATH"], NEXHINA_API_KEY: apiKey }
  return new Promise((resolve) => {
    execFile("bash", ["--norc", "-c", script], { env, maxBuffer: 1 << 26, timeout: 60_000 }, (_, stdout) =>
      resolve(stdout),
    )
  })
}

/** Groups whose faults lie in the connection or in its timing, which a single curl does not show. */
const ofConnection = new Set(["conn", "sse", "http"])
const familyOf = (id: string) => id.split(".", 1)[0] ?? id

/** One defect of each rule group, and the one of the wrong key. */
const chosen: readonly Defect[] = [
  ...new Map(
    defects
      .filter(({ breaks }) => !ofConnection.has(familyOf(breaks)) && breaks !== "err.oversized")
      .toReversed()
      .map((defect) => [familyOf(defect.breaks), defect]),
  ).values(),
  ...defects.filter(({ breaks }) =>
    ["auth.bad-key", "sse.data-json", "http.json-content-type"].includes(breaks),
  ),
]

/** Returns whether the output of curl shows the evidence of a finding; several requests are sent to compare them. */
function shows(output: string, { evidence }: Finding): boolean {
  const statuses = [...output.matchAll(/HTTP\/[\d.]+ (\d{3}) /g)].map(([, status]) => status)
  return statuses.includes(String(evidence.status)) && output.includes(evidence.excerpt.replace(/^…|…$/g, ""))
}

test.each(chosen.map((defect) => [defect.id, defect] as const))(
  "the curl and the replay command of %s show the fault",
  async (_, defect) => {
    const profile = profileOf(defect.breaks)
    await using server = await startMock({
      mock: createMock({
        profile,
        keys: [apiKey],
        strictModels: true,
        callTools: true,
        alterations: defects,
        always: [{ id: defect.id, rate: 1 }],
      }),
    })
    const flags = { profile, include: "all", rule: [defect.breaks], runs: 5, deterministic: true }
    const report = await run(settingsOf({ baseUrl: server.baseURL, apiKey, ...flags }))
    const finding = report.findings.find(({ fault }) => fault === defect.fault)
    if (!finding) throw new Error(`no finding of ${defect.breaks}:${defect.fault}`)
    expect(finding.curl + finding.replay).not.toContain(apiKey)

    const shown = await pasted(finding.curl)
    expect(shows(shown, finding), `${finding.curl}\n\n${shown}`).toBe(true)

    const again = Report.parse(JSON.parse(await pasted(`${finding.replay} --report json`)))
    expect(again.findings.map(({ id }) => id)).toContain(finding.id)
  },
  120_000,
)

test("the rules of the chosen defects are rules", () => {
  for (const { breaks } of chosen) expect(rules.map(({ id }) => id)).toContain(breaks)
})
