import { setTimeout as sleep } from "node:timers/promises"
import {
  type CheckOptions,
  checkTarget,
  createSend,
  knownBefore,
  type Report,
  type Rule,
  rules,
  severityOf,
} from "@nexhina/conformance"
import { type Defect, defects, type Variant, variants } from "@nexhina/defects"
import { createMock } from "@nexhina/mock"
import { type MockServer, startMock } from "@nexhina/mock/node"
import { type ProfileName, profiles, type Surface, surfaces, type Trait, traits } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { againstDocument } from "../../../packages/mock/test/against-document.ts"
import { type DefectScore, scoreboardPage, type VariantScore } from "../src/scoreboard-page.ts"

const apiKey = "sk-scoreboard"
const profileNames = Object.keys(profiles) as ProfileName[]

/** A mock of its own, so that what one check stores or deletes is no other's. */
function serveMock(profile: ProfileName): Promise<MockServer> {
  const mock = createMock({
    profile,
    keys: [apiKey],
    // Ids with a slash are what many servers have, and the catalogue has not.
    models: ["org/own-model"],
    alterations: [...defects, ...variants],
  })
  return startMock({ mock: againstDocument(mock) })
}

/**
 * Whether to send every probe and many samples of every rule, for hours of cases: `pnpm scoreboard`. The page is
 * written by the short form, in which a defect meets the probes of the rules that may find it and the quick ones.
 */
const full = process.env["SCOREBOARD"] === "full"

interface Extent {
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
async function check(
  profile: ProfileName,
  header: readonly [string, string] | undefined,
  { probes = () => true, samples, required = [], traits = [], oversizedBytes, timeoutMs = 20_000 }: Extent,
): Promise<Report> {
  const mock = await serveMock(profile)
  const began = performance.now()
  const elapsed = () => performance.now() - began
  const sender = createSend({
    timeoutMs,
    maxDurationMs: 2 * timeoutMs,
    maxBodyBytes: 8_000_000,
    clock: elapsed,
  })
  try {
    return await checkTarget(
      {
        target: { baseUrl: mock.baseURL, apiKey, headers: header ? [header] : [] },
        profile,
        traits,
        models: {},
        rules,
        include: surfaces,
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

/** All that a run may know, so that no rule is out of place for want of it. */
const mostKnown = (profile: ProfileName) =>
  knownBefore(profile, { auth: "required", deterministic: true, required: new Set(surfaces) })

/** The profile under which a defect can be seen: the first in which its rule applies. */
function profileOf(ruleId: string): ProfileName {
  const rule = rules.find(({ id }) => id === ruleId)
  const profile = profileNames.find((name) => rule && severityOf(rule, mostKnown(name)) !== "not-applicable")
  if (!profile) throw new Error(`no profile has the rule ${ruleId}`)
  return profile
}

const shown = (report: Report) => report.findings.map(({ rule, fault }) => `${rule}:${fault}`)
const faulty = (report: Report) => [...new Set(report.findings.map(({ rule }) => rule))]

describe("the catalogue", () => {
  test("has a defect for every fault of every rule, and names no other", () => {
    const faults = rules.flatMap((rule) => Object.keys(rule.faults).map((fault) => `${rule.id}:${fault}`))
    const broken = new Set(defects.map(({ breaks, fault }) => `${breaks}:${fault}`))
    expect({
      untested: faults.filter((fault) => !broken.has(fault)),
      unknown: [...broken].filter((fault) => !faults.includes(fault)),
    }).toEqual({ untested: [], unknown: [] })
  })

  test("names only rules that exist", () => {
    const ids = new Set(rules.map(({ id }) => id))
    const named = [...defects.flatMap(({ also }) => also), ...variants.flatMap(({ notes }) => notes)]
    expect(named.filter((id) => !ids.has(id))).toEqual([])
  })

  test("uses no id twice", () => {
    const ids = [...defects, ...variants].map(({ id }) => id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })
})

describe("a trait", () => {
  const shownAs = variants.flatMap((variant): [Trait, Variant][] =>
    variant.trait ? [[variant.trait, variant]] : [],
  )

  test("has a variant that shows it, where a server can", () => {
    // Whether a key is asked for is learned, and what the Open Responses specification asks is no deviation.
    const untold: Trait[] = ["no-auth", "openresponses"]
    expect(new Set([...shownAs.map(([trait]) => trait), ...untold])).toEqual(new Set(Object.keys(traits)))
  })

  test.each(shownAs)("%s lets pass what would be a finding without it", async (_, { id }) => {
    const report = await check("nexhina", ["x-mock-variant", id], { samples: () => 1 })
    expect(report.findings).not.toEqual([])
  })
})

describe("the mock as it is", () => {
  test.each(profileNames)("under %s: every rule is judged and holds", async (profile) => {
    const report = await check(profile, undefined, { samples: () => 5 })
    expect(report.findings).toEqual([])
    // What no request can bring about is brought about by the variants.
    const provoked = rules.filter(({ on }) => !on.occasional).map(({ id }) => id)
    expect(
      report.rules.filter(
        ({ id, verdict }) => provoked.includes(id) && !["pass", "not-applicable"].includes(verdict),
      ),
    ).toEqual([])
    expect(report.conformant).toBe(true)
  })

  test("a body over its limit is refused", async () => {
    const report = await check("nexhina", undefined, {
      probes: () => false,
      samples: ({ id }) => (id === "err.oversized" ? 1 : 0),
      oversizedBytes: 33 * 2 ** 20,
    })
    expect(report.rules.find(({ id }) => id === "err.oversized")).toMatchObject({
      verdict: "pass",
      judged: 1,
    })
  })
})

const defectScores = new Map<string, DefectScore>()
const variantScores = new Map<string, VariantScore>()

describe.concurrent("a defect is found by its rule, and nothing else fires", () => {
  test.each(defects.map((defect): [string, Defect] => [defect.id, defect]))("%s", async (id, defect) => {
    const may = new Set([defect.breaks, ...defect.also])
    const own = new Set(rules.filter((rule) => may.has(rule.id)).flatMap(({ on }) => on.probes))
    const report = await check(profileOf(defect.breaks), ["x-mock-defect", id], {
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
    const finding = report.findings.find(
      ({ rule, fault }) => rule === defect.breaks && fault === defect.fault,
    )
    const isTimed = rules.some((rule) => rule.id === defect.breaks && rule.on.needs?.includes("timing"))
    defectScores.set(id, {
      defect,
      // How often a clock has to be looked at is not the same twice.
      ...(finding && !isTimed && { foundAfter: finding.foundAfter }),
      others: others.sort(),
    })
  })
})

describe.concurrent("a variant is no breach", () => {
  test.each(
    variants.flatMap((variant) =>
      profileNames.map((profile): [string, ProfileName, Variant] => [variant.id, profile, variant]),
    ),
  )("%s under %s", async (id, profile, variant) => {
    // One generated sample of each rule, under one of the profiles.
    const turn = profileNames.indexOf(profile)
    const samples = (rule: Rule) =>
      full ? 5 : (rules.indexOf(rule) + turn) % profileNames.length === 0 ? 1 : 0
    const header = ["x-mock-variant", id] as const
    const report = await check(profile, header, { samples, traits: variant.trait ? [variant.trait] : [] })
    expect(report.findings.filter(({ severity }) => severity === "MUST")).toEqual([])
    const notedBy = faulty(report)
    expect(notedBy.filter((rule) => !variant.notes.includes(rule))).toEqual([])
    expect(report.rules.filter(({ verdict }) => verdict === "harness-error")).toEqual([])
    variantScores.set(`${id} ${profile}`, { variant, profile, notedBy: notedBy.sort() })
  })
})

test.skipIf(full)("docs/scoreboard.md is what was seen", async () => {
  const page = scoreboardPage(
    rules,
    defects.flatMap(({ id }) => defectScores.get(id) ?? []),
    variants.flatMap(({ id }) =>
      profileNames.flatMap((profile) => variantScores.get(`${id} ${profile}`) ?? []),
    ),
  )
  await expect(page, "stale: run 'npx -y pnpm@10.34.8 emit' and commit the result").toMatchFileSnapshot(
    "../../../docs/scoreboard.md",
  )
})
