import * as fc from "fast-check"
import { expect, test } from "vitest"
import { rules } from "../rules/rules.ts"
import { UsageError } from "./options.ts"
import { requirementSetOn, requirementSets } from "./requirement-sets.ts"

const now = new Date("2027-03-15T00:00:00Z")
const sets = { "2026-11": "0.1.0", "2027-01": "0.9.0", "2027-03": "0.10.0" }

test.each([
  ["2026-11", "2026-11"],
  ["2026-12-31", "2026-11"],
  ["2027-01-01", "2027-01"],
  ["2027-03-15", "2027-03"],
  [undefined, "2027-03"],
])("on %s, the set of %s is in force", (date, id) => {
  expect(requirementSetOn(date, now, sets).id).toBe(id)
})

test.each([
  [
    "2026-10",
    "--requirements: there was no set of requirements in '2026-10'; known sets: 2026-11, 2027-01, 2027-03",
  ],
  ["2027-03-16", "--requirements: '2027-03-16' is in the future; known sets: 2026-11, 2027-01, 2027-03"],
  ["2026-11-31", "--requirements: '2026-11-31' is not a date; known sets: 2026-11, 2027-01, 2027-03"],
  ["2027-00", "--requirements: '2027-00' is not a date; known sets: 2026-11, 2027-01, 2027-03"],
  ["2027-04", "--requirements: '2027-04' is in the future; known sets: 2026-11, 2027-01, 2027-03"],
])("%s is refused", (date, message) => {
  expect(() => requirementSetOn(date, now, sets)).toThrow(new UsageError(message))
})

test("a newer kit changes no earlier set: rules that it brings are in later sets only", () => {
  const version = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)).map((parts) => parts.join("."))
  fc.assert(
    fc.property(version, (since) => {
      const [first, second, third] = ["2026-11", "2027-01", "2027-03"].map((date) =>
        requirementSetOn(date, now, sets).has({ since }),
      )
      // Once a rule counts, it counts in every later set.
      expect([first && !second, second && !third]).toEqual([false, false])
    }),
  )
  const set = requirementSetOn("2027-01", now, sets)
  expect(["0.1.0", "0.9.0", "0.9.1", "0.10.0", "1.0.0"].map((since) => set.has({ since }))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

test("every rule belongs to a published set", () => {
  const newest = requirementSetOn(undefined, now)
  expect(rules.filter((rule) => !newest.has(rule)).map(({ id }) => id)).toEqual([])
  expect(Object.keys(requirementSets).every((id) => /^\d{4}-\d{2}$/.test(id))).toBe(true)
})
