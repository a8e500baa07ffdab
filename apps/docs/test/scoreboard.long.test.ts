import { rules } from "@nexhina/conformance"
import { defects, type Variant, variants } from "@nexhina/defects"
import { type Trait, traits } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { check, profileNames } from "./scoreboard.ts"

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
    const report = await check("nexhina", id, { samples: () => 1 })
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
