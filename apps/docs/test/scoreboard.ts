import { setTimeout as sleep } from "node:timers/promises"
import {
  type CheckOptions,
  checkTarget,
  completeFacts,
  createSend,
  type Finding,
  type Report,
  type Rule,
  rules,
  severityOf,
} from "@nexhina/conformance"
import { type Defect, defects, type Variant, variants } from "@nexhina/defects"
import { createAudioReader, createMock } from "@nexhina/mock"
import { type MockServer, startMock } from "@nexhina/mock/node"
import { endpoints, type ProfileName, profiles, type Surface, surfaces, type Trait } from "@nexhina/schemas"
import { afterAll, describe, expect, test } from "vitest"
import { isWithin } from "../../../packages/conformance/src/view.ts"
import { againstDocument } from "../../../packages/mock/test/against-document.ts"
import type { DefectScore, VariantScore } from "../src/scoreboard-page.ts"
import { readChanged } from "./operations.ts"
import { scoresFile } from "./scores.ts"

const apiKey = "sk-scoreboard"
export const profileNames = Object.keys(profiles) as ProfileName[]

/** Shared, because each mock that reads a recording would start threads of its own. */
const audio = createAudioReader()
afterAll(() => audio.close())

/** Starts a mock for one check, with a standing defect or variant: checks share no stored or deleted state. */
function serveMock(profile: ProfileName, id: string | undefined): Promise<MockServer> {
  const mock = createMock({
    profile,
    keys: [apiKey],
    strictModels: true,
    callTools: true,
    audio,
    // Ids with a slash are what many servers have, and the catalogue has not.
    models: ["org/own-model"],
    alterations: [...defects, ...variants],
    always: id === undefined ? [] : [{ id, rate: 1 }],
  })
  // What a defect or a variant changes may be against the document.
  return startMock({ mock: id === undefined ? againstDocument(mock) : mock })
}

/**
 * Whether to send every probe and many samples of every rule, for hours of cases: `pnpm scoreboard`. The page is
 * written by the short form, in which a defect meets the probes of the rules that may find it and the quick ones.
 */
const full = process.env["SCOREBOARD"] === "full"

interface Extent {
  /** Surfaces to check. Default: all. */
  readonly include?: readonly Surface[]
  readonly probes?: CheckOptions["probes"]
  readonly samples: CheckOptions["samples"]
  readonly required?: readonly Surface[]
  readonly traits?: readonly Trait[]
  /** Default: no body is sent that has to be refused. */
  readonly oversizedBytes?: number
  /** Default: longer than a busy machine takes. */
  readonly timeoutMs?: number
}

/** Rules that find nothing but by waiting in vain. */
const waiting = ["http.answers", "http.body-complete", "sse.terminates"]

/** Checks the mock as it is under one alteration, one request after the other, so that the order is always the same. */
export async function check(profile: ProfileName, id: string | undefined, extent: Extent): Promise<Report> {
  const { probes = () => true, samples, include = surfaces, required = [], traits = [] } = extent
  const { oversizedBytes, timeoutMs = 20_000 } = extent
  const mock = await serveMock(profile, id)
  const began = performance.now()
  const elapsed = () => performance.now() - began
  const sender = createSend({
    timeoutMs,
    // Longer than two waits: a wait is extended once when this process was too busy to receive.
    maxDurationMs: 2.5 * timeoutMs,
    maxBodyBytes: 8_000_000,
    clock: elapsed,
    loopClock: elapsed,
  })
  try {
    return await checkTarget(
      {
        target: { baseUrl: mock.baseURL, apiKey, headers: [] },
        profile,
        traits,
        models: {},
        rules,
        include,
        require: required,
        probes,
        samples,
        seed: 1,
        deterministic: true,
        maxOutputTokens: 64,
        ...(oversizedBytes !== undefined && { oversizedBytes }),
        limits: { maxRequests: 10_000, maxTimeMs: 600_000 },
        concurrency: 1,
        shrinkBudget: 0,
      },
      { send: sender.send, elapsed, sleep: (ms) => sleep(Math.min(ms, 5)), startedAt: new Date(0) },
    )
  } finally {
    sender.close()
    await mock.close()
  }
}

/** The profile under which a defect can be seen: the first in which its rule applies. */
export function profileOf(ruleId: string): ProfileName {
  const rule = rules.find(({ id }) => id === ruleId)
  const profile = profileNames.find(
    (name) => rule && severityOf(rule, completeFacts(name)) !== "not-applicable",
  )
  if (!profile) throw new Error(`no profile has the rule ${ruleId}`)
  return profile
}

const shown = (report: Report) => report.findings.map(({ rule, fault }) => `${rule}:${fault}`)
const faulty = (report: Report) => [...new Set(report.findings.map(({ rule }) => rule))]

/** The family of a rule, as its id begins: `chat` of `chat.schema`. */
const familyOf = (ruleId: string) => ruleId.split(".", 1)[0] ?? ruleId

/** The families of the rules that defects break. */
const families: readonly string[] = [...new Set(defects.map(({ breaks }) => familyOf(breaks)))]

/** The families that one of `of` test files scores: files run on different cores. */
export const familiesOf = (part: number, of: number): readonly string[] =>
  families.filter((_, index) => index % of === part)

/** Scores as JSON, one line for each, so that a changed verdict is a changed line. */
const scoresText = (scores: readonly (readonly [string, object])[]): string =>
  `{\n${scores.map(([id, score]) => `  ${JSON.stringify(id)}: ${JSON.stringify(score)}`).join(",\n")}\n}\n`

/** Cells run side by side and some wait for seconds: on a busy machine one takes minutes. */
const cellTimeoutMs = 300_000

const stale = "stale: run 'npx -y pnpm@10.34.8 emit' and commit the result"

/** Declares the tests of the defects that break rules of one family, and of the file that keeps their scores. */
export function scoreDefects(family: string): void {
  const own = defects.filter(({ breaks }) => familyOf(breaks) === family)
  const scores = new Map<string, DefectScore>()
  const title = `a defect of ${family} is found by its rule, and nothing else fires`
  describe.concurrent(title, { timeout: cellTimeoutMs }, () => {
    test.each(own.map((defect): [string, Defect] => [defect.id, defect]))("%s", async (id, defect) => {
      scores.set(id, await scoreOf(defect))
    })
  })
  test.skipIf(full)(`scores/${family}.json is what was seen`, async () => {
    const text = scoresText(own.flatMap(({ id }) => (scores.has(id) ? [[id, scores.get(id) ?? {}]] : [])))
    await expect(text, stale).toMatchFileSnapshot(scoresFile(family))
  })
}

/** Returns the number of requests after which the cause of a finding was first seen, at whatever member. */
function firstSeen({ findings }: Report, { rule, fault, operation }: Finding): number {
  const alike = findings.filter(
    (each) => each.rule === rule && each.fault === fault && each.operation === operation,
  )
  return Math.min(...alike.map(({ foundAfter }) => foundAfter))
}

async function scoreOf(defect: Defect): Promise<DefectScore> {
  const may = new Set([defect.breaks, ...defect.also])
  const own = new Set(rules.filter((rule) => may.has(rule.id)).flatMap(({ on }) => on.probes))
  const profile = profileOf(defect.breaks)
  const rule = rules.find(({ id }) => id === defect.breaks)
  const report = await check(profile, defect.id, {
    include: surfacesOf(defect.id, profile, rule),
    probes: (probe) => full || probe.quick === true || own.has(probe),
    samples: (rule) => (rule.id === defect.breaks ? 5 : full ? 1 : 0),
    required: defect.breaks === "http.offers-required" ? surfaces : [],
    // More than what those defects let pass, and less than what the mock's host does.
    ...(defect.breaks === "err.oversized" && { oversizedBytes: 2 * 2 ** 20 }),
    ...(waiting.includes(defect.breaks) && { timeoutMs: 2000 }),
  })
  expect(shown(report)).toContain(`${defect.breaks}:${defect.fault}`)
  const others = faulty(report).filter((rule) => rule !== defect.breaks)
  expect(others.filter((rule) => !defect.also.includes(rule))).toEqual([])
  expect(report.rules.filter(({ verdict }) => verdict === "harness-error")).toEqual([])
  const finding = report.findings.find(({ rule, fault }) => rule === defect.breaks && fault === defect.fault)
  const isTimed = rules.some((rule) => rule.id === defect.breaks && rule.on.needs?.includes("timing"))
  return {
    // How often a clock has to be looked at is not the same twice.
    ...(finding && !isTimed && { foundAfter: firstSeen(report, finding) }),
    others: others.sort(),
  }
}

/** Read once: a cell asks for the changes of its own defect or variant. */
const changedUnder = new Map(profileNames.map((profile) => [profile, readChanged(profile)]))

/**
 * Returns the surfaces on which a defect or variant was seen to change a reply: on the others, the mock is as it is
 * without. Those of the rule that it breaks are always among them: not every request is recorded. When it was seen to
 * change none, the surface that its id begins with. All of them when it changes a reply of no operation, or is new.
 */
function surfacesOf(id: string, profile: ProfileName, rule?: Rule): readonly Surface[] {
  if (full) return surfaces
  const changed = changedUnder.get(profile)?.get(id)
  if (!changed || changed.includes(null)) return surfaces
  const seen = new Set(changed.map((operation) => operation && endpoints[operation].surface))
  const place = rule?.on.surface
  const isOf = (surface: Surface) => place !== undefined && place !== "http" && isWithin(place, [surface])
  const found = surfaces.filter((surface) => seen.has(surface) || isOf(surface))
  const named = found.length > 0 ? found : surfaces.filter((surface) => id.startsWith(`${surface}-`))
  return named.length > 0 ? named : surfaces
}

/** Declares the tests of the variants under one profile, and of the file that keeps what was noted of them. */
export function scoreVariants(profile: ProfileName): void {
  const scores = new Map<string, VariantScore>()
  describe.concurrent(`a variant does not break a MUST rule under ${profile}`, {
    timeout: cellTimeoutMs,
  }, () => {
    test.each(variants.map((variant): [string, Variant] => [variant.id, variant]))(
      "%s",
      async (id, variant) => {
        // One generated sample of each fourth rule: of others for the next variant, and under the other profile.
        const turn = variants.findIndex((variant) => variant.id === id) + 2 * profileNames.indexOf(profile)
        const samples = (rule: Rule) => (full ? 5 : (rules.indexOf(rule) + turn) % 4 === 0 ? 1 : 0)
        const report = await check(profile, id, {
          samples,
          traits: variant.trait ? [variant.trait] : [],
          include: surfacesOf(id, profile),
        })
        expect(report.findings.filter(({ severity }) => severity === "MUST")).toEqual([])
        const notedBy = faulty(report)
        expect(notedBy.filter((rule) => !variant.notes.includes(rule))).toEqual([])
        expect(report.rules.filter(({ verdict }) => verdict === "harness-error")).toEqual([])
        scores.set(id, { notedBy: notedBy.sort() })
      },
    )
  })
  const file = `variants-${profile}`
  test.skipIf(full)(`scores/${file}.json is what was seen`, async () => {
    const text = scoresText(
      variants.flatMap(({ id }) => (scores.has(id) ? [[id, scores.get(id) ?? {}]] : [])),
    )
    await expect(text, stale).toMatchFileSnapshot(scoresFile(file))
  })
}
