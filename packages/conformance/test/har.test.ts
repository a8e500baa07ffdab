import { createReadStream, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { check } from "../src/check.ts"
import { checkSettingsOf } from "../src/options/check-options.ts"

const folder = fileURLToPath(new URL("har/", import.meta.url))
const files = readdirSync(folder).filter((name) => name.endsWith(".har"))

/** The findings of the defects with which the broken archives were recorded. */
const defects = [
  "chat.object:other-name@createChatCompletion#/object",
  "sse.done-once:repeated@createChatCompletion",
  // The same defect on another stream.
  "sse.done-once:repeated@createResponse",
  "resp.lifecycle:no-terminal@createResponse",
  "audio.speech-content-type:absent@createSpeech",
]

const checked = (name: string) =>
  check(checkSettingsOf({}), [{ name, bytes: () => createReadStream(`${folder}${name}`) }], {
    startedAt: new Date(),
    elapsed: () => 0,
  })

test.each(files)("%s is judged: the findings are those of its defects", async (name) => {
  const { report, exitCode } = await checked(name)
  const isSound = name.includes("-sound")
  expect(report.findings.map(({ id }) => id).sort()).toEqual(isSound ? [] : defects.toSorted())
  expect(exitCode).toBe(isSound ? 0 : 1)
  expect(report.recording).toMatchObject({ exchanges: 5, lost: 0 })
  expect(report.answered.toSorted()).toEqual(["audio", "chat", "responses"])
})
