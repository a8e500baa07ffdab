import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { openReplacement } from "./replacement.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "replacement-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

test("an earlier file stays until the new one is complete, and after a run that failed", () => {
  const path = join(folder, "report.json")
  writeFileSync(path, "earlier")
  const failed = openReplacement("--report", path)
  writeFileSync(failed.written, "half")
  expect(readFileSync(path, "utf8")).toBe("earlier")
  failed.discard()
  expect(readdirSync(folder)).toEqual(["report.json"])
  const complete = openReplacement("--report", path)
  writeFileSync(complete.written, "whole")
  complete.commit()
  expect(readFileSync(path, "utf8")).toBe("whole")
  expect(readdirSync(folder)).toEqual(["report.json"])
})

test("a link stays a link, and the file that it leads to is replaced and keeps its mode", () => {
  const [path, link] = [join(folder, "report.json"), join(folder, "link.json")]
  writeFileSync(path, "earlier")
  chmodSync(path, 0o600)
  symlinkSync(path, link)
  const replacement = openReplacement("--report", link)
  writeFileSync(replacement.written, "whole")
  replacement.commit()
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(readFileSync(path, "utf8")).toBe("whole")
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test("a link to a file that does not exist stays a link, and leads to the new file", () => {
  const [path, link, twice] = [
    join(folder, "new.json"),
    join(folder, "link.json"),
    join(folder, "twice.json"),
  ]
  symlinkSync("new.json", link)
  symlinkSync("twice.json", twice)
  const replacement = openReplacement("--report", link)
  writeFileSync(replacement.written, "whole")
  replacement.commit()
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(readFileSync(path, "utf8")).toBe("whole")
  expect(() => openReplacement("--report", twice)).toThrow("it is a link to a link that leads nowhere")
})

test("a device is written directly, and stays", () => {
  const replacement = openReplacement("--report", "/dev/null")
  expect(replacement.written).toBe("/dev/null")
  replacement.commit()
  replacement.discard()
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true)
})

test("what cannot be written is refused by its option, path and reason", () => {
  expect(() => openReplacement("--bundle", folder)).toThrow(
    `--bundle: cannot write '${folder}': it is a folder`,
  )
  const inside = join(folder, "none", "report.json")
  expect(() => openReplacement("--report", inside)).toThrow(
    `--report: cannot write '${inside}': its folder does not exist`,
  )
})
