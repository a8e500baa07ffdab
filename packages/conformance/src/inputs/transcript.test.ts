import type { MockOptions } from "@nexhina/mock"
import { startMock } from "@nexhina/mock/node"
import type { NamedAlteration } from "@nexhina/wire"
import { beforeAll, describe, expect, test } from "vitest"
import { always, apiKey } from "../../test/checked.ts"
import { knownOf } from "../../test/exchange.ts"
import { withoutModel } from "../../test/without-model.ts"
import { judge } from "../engine/judge.ts"
import { type Evidence, lackText } from "../evidence.ts"
import { settingsOf } from "../options/options.ts"
import type { Report } from "../reports/report.ts"
import { severityOf } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import { run } from "../run.ts"
import { readEvidence, transcriptRecorder } from "./transcript.ts"

/** Checks a mock and records the run. */
async function recorded(mock: MockOptions): Promise<{ lines: string[]; report: Report }> {
  await using server = await startMock({ keys: [apiKey], ...mock })
  const lines: string[] = []
  const settings = settingsOf({
    baseUrl: server.baseURL,
    apiKey,
    runs: 2,
    include: ["chat", "models", "embeddings"],
  })
  const report = await run(
    settings,
    transcriptRecorder((line) => lines.push(line), [apiKey]),
  )
  return { lines, report }
}

const known = knownOf()
const applicable = rules.filter((rule) => severityOf(rule, known) !== "not-applicable")

async function talliesOf(lines: readonly string[]) {
  const asked: { exchange: Evidence }[] = []
  for await (const exchange of readEvidence(lines)) asked.push({ exchange })
  return judge(applicable, [{ sample: { by: "transcript" }, asked }], known)
}

const isIntent = (line: string) => line.startsWith('{"fact":"intent"')
const withoutIntent = (lines: readonly string[]) => lines.filter((line) => !isIntent(line))

const failing: NamedAlteration = {
  id: "failing",
  stage: "wire",
  apply: (reply, { operationId }) =>
    operationId === "createEmbedding" && reply.status === 200 ? { ...reply, status: 500, body: "{}" } : reply,
}
describe("a recording of a conforming server", () => {
  let lines: string[]
  beforeAll(async () => {
    ;({ lines } = await recorded({}))
  })

  test("has an intent line directly before each request line, with the same id", () => {
    const requests = lines.flatMap((line, index) => (line.includes('"fact":"request"') ? [index] : []))
    expect(requests.length).toBeGreaterThan(20)
    for (const index of requests) {
      const [intent, request] = [lines[index - 1] ?? "", lines[index] ?? ""].map((line) => JSON.parse(line))
      expect([intent.fact, intent.id]).toEqual(["intent", request.id])
      expect(request).not.toHaveProperty("intent")
    }
  })

  test("without intent lines has the same operations wherever a path is one of the contract's", async () => {
    const stated: Evidence[] = []
    for await (const evidence of readEvidence(lines)) stated.push(evidence)
    const inferred: Evidence[] = []
    for await (const evidence of readEvidence(withoutIntent(lines))) inferred.push(evidence)
    const ordinary = (_: Evidence, index: number) => {
      const kind = stated[index]?.fault.value?.kind
      return kind !== "unknown-path" && kind !== "wrong-method"
    }
    const operations = (all: readonly Evidence[]) =>
      all.filter(ordinary).map(({ operation }) => operation.value)
    expect(operations(inferred)).toEqual(operations(stated))
    expect(new Set(inferred.map(({ fault }) => fault.basis))).toEqual(new Set(["unknown"]))
  })

  test("without intent lines draws no finding, and rules that need the fault are undecided", async () => {
    const tallies = await talliesOf(withoutIntent(lines))
    expect([...tallies.values()].filter(({ crash }) => crash)).toEqual([])
    expect(
      [...tallies.values()].flatMap(({ found }) => found.map(({ rule, fault }) => [rule.id, fault])),
    ).toEqual([])
    const judged = (id: string) => tallies.get(id)?.judged ?? 0
    expect(judged("emb.schema")).toBeGreaterThan(0)
    expect(judged("chat.schema")).toBeGreaterThan(0)
    for (const { rule, judged, undecided } of tallies.values()) {
      if (!rule.on.needs?.includes("fault")) continue
      expect([rule.id, judged]).toEqual([rule.id, 0])
      expect([...undecided.keys()].filter((why) => why !== lackText.fault)).toEqual([])
    }
  })
})

test("a defect is found in a recording without intent lines", async () => {
  const { lines } = await recorded(always(withoutModel))
  expect((await talliesOf(withoutIntent(lines))).get("emb.schema")?.found.length).toBeGreaterThan(0)
})

test("a failure that an invalid request may have caused is a finding only where the intent excludes it", async () => {
  const { lines } = await recorded(always(failing))
  const foundIn = async (each: readonly string[]) =>
    (await talliesOf(each)).get("http.no-5xx-valid")?.found.length
  expect(await foundIn(withoutIntent(lines))).toBe(0)
  expect(await foundIn(lines)).toBeGreaterThan(0)
})
