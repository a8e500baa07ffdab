import { Ajv2020 } from "ajv/dist/2020.js"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { checkOptions } from "./check-options.ts"
import { configSchema } from "./config-schema.ts"
import { parsedOptions, runOptions, settingsOf, UsageError } from "./options.ts"
import { proxyOptions } from "./proxy-options.ts"

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(configSchema()))
const commands = { run: runOptions, check: checkOptions, proxy: proxyOptions }
const names = [...new Set(Object.values(commands).flatMap((options) => Object.keys(options)))]

/** Whether a command that reads a member accepts it; the others ignore it, if any command reads it. */
function isAccepted(config: object): boolean {
  const all = Object.values(commands)
  const readers = all.filter((options) => Object.keys(config).every((name) => Object.hasOwn(options, name)))
  return (readers.length > 0 ? readers : all).some((options) => {
    try {
      parsedOptions(options, {}, { ...config })
      return true
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      return false
    }
  })
}

const words = [
  "nexhina",
  "azure",
  "all",
  "json",
  "html=out.html",
  "chat , models",
  " audio",
  "a b",
  "",
  " ",
  "7",
  "0x10",
]
const scalars = [...words, "http://h/v1", "X-Tenant: a", "1/4", "2026-11", -1, 0, 1, 2.5, 70_000, true, null]
const value = fc.oneof(fc.constantFrom(...scalars), fc.array(fc.constantFrom(...scalars), { maxLength: 3 }))

test("what a command accepts is valid, and every option is accepted with some value", () => {
  const accepted = new Set<string>()
  const holds = (name: string, given: unknown) => {
    if (!isAccepted({ [name]: given })) return
    accepted.add(name)
    expect([name, given, validate({ [name]: given })]).toEqual([name, given, true])
  }
  for (const name of names) for (const given of scalars) holds(name, given)
  fc.assert(fc.property(fc.constantFrom(...names), value, holds), { numRuns: 500 })
  expect([...accepted]).toEqual(names)
})

test("a member that is misspelt is neither valid nor accepted", () => {
  const misspelt = fc
    .tuple(fc.constantFrom(...names), fc.nat(), fc.constantFrom("", "x", "-"))
    .map(([name, at, with_]) => name.slice(0, at % name.length) + with_ + name.slice((at % name.length) + 1))
    .filter((name) => !names.includes(name))
  fc.assert(
    fc.property(misspelt, (name) => {
      expect([validate({ [name]: true }), isAccepted({ [name]: true })]).toEqual([false, false])
    }),
  )
})

test.each([
  { seed: true },
  { seed: null },
  { maxRequests: 0 },
  { maxRequests: [5] },
  { maxTime: "" },
  { quick: "yes" },
  { profile: "azure" },
  { include: ["chat", "chats"] },
  { include: "chat, chats" },
  { requirements: "soon" },
  { $schema: 1 },
  { model: "" },
])("%j is neither valid nor accepted", (config) => {
  expect([validate(config), isAccepted(config)]).toEqual([false, false])
})

test("the address of the schema is no option", () => {
  expect(settingsOf({}, { $schema: "./config.schema.json", seed: 3 })).toEqual(settingsOf({}, { seed: 3 }))
})

test("the published schema is what the code says", async () => {
  await expect(configSchema(), "stale: run 'npx -y pnpm@10.34.8 emit'").toMatchFileSnapshot(
    "../../config.schema.json",
  )
})
