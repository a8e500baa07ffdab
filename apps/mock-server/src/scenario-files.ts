import { readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, extname, join, relative, resolve, sep } from "node:path"
import type { ReadScenarios, ScenarioText, ScenarioValues } from "@nexhina/mock/yaml"
import type { NamedAlteration } from "@nexhina/wire"
import { readable } from "./readable.ts"

export const textual: ReadonlySet<string> = new Set([".yaml", ".yml", ".json"])
export const code: ReadonlySet<string> = new Set([".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"])

/** Scenarios, and the files of images that they refer to. */
export interface LoadedScenarios extends ReadScenarios {
  readonly images: readonly string[]
}

/**
 * Reads the scenarios in some files, and in the files of folders with a known extension. Throws a `UsageError`
 * for a path that cannot be read; all other faults are `problems` of the result.
 */
export async function loadScenarios(
  paths: readonly string[],
  alterations: readonly NamedAlteration[],
): Promise<LoadedScenarios> {
  const { readScenarios } = await import("@nexhina/mock/yaml")
  const images = new Set<string>()
  const faults: string[] = []
  const read: (ScenarioText | ScenarioValues)[] = []
  for (const file of paths.flatMap(filesIn)) {
    if (code.has(extname(file))) {
      const loaded = await loadCode(file)
      if (typeof loaded === "string") faults.push(loaded)
      else read.push(loaded)
    } else read.push({ name: file, text: readText(file) })
  }
  const found = readScenarios(read, alterations, (scenarios, path) => {
    const file = resolve(dirname(scenarios), path)
    images.add(file)
    return readImage(file)
  })
  const loaded = { ...found, images: [...images] }
  return faults.length === 0
    ? loaded
    : { ...loaded, scenarios: [], places: [], problems: [...faults, ...found.problems] }
}

/** Returns whether a path in a folder leads to packages that are installed there: they are not scenarios. */
export const isInPackages = (folder: string, path: string): boolean =>
  relative(folder, path).split(sep).includes("node_modules")

function filesIn(path: string): string[] {
  const isFolder = readable(path, () => statSync(path).isDirectory())
  if (!isFolder) return [path]
  return readable(path, () => readdirSync(path, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile() && !/\.d\.[mc]?ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !isInPackages(path, file))
    .filter((file) => textual.has(extname(file)) || code.has(extname(file)))
    .toSorted()
}

/** Returns an image in base64. Throws a `UsageError` when it cannot be read. */
function readImage(file: string): string {
  return readable(file, () => readFileSync(file).toString("base64"))
}

function readText(file: string): string {
  return readable(file, () => readFileSync(file, "utf8"))
}

/** Loads a file of code, in TypeScript too, or returns why it cannot be loaded. */
async function loadCode(file: string): Promise<ScenarioValues | string> {
  const source = readText(file)
  const { createJiti } = await import("jiti")
  // Without caches, a changed file is loaded anew.
  const jiti = createJiti(resolve("scenarios"), { moduleCache: false, fsCache: false })
  try {
    const loaded: unknown = await jiti.import(resolve(file), { default: true })
    if (Array.isArray(loaded)) return { name: file, scenarios: loaded, source }
    return `${file}: the default export must be a list of scenarios. Write 'export default defineScenarios([…])'.`
  } catch (error) {
    const message = codeProblem(file, error)
    const needsMock = message.includes("'@nexhina/mock'")
    return `${message}${needsMock ? " (run 'npm install -D @nexhina/mock')" : ""}`
  }
}

/** Returns why a file of code cannot be loaded, with the line if it is known. */
function codeProblem(file: string, error: unknown): string {
  if (!(error instanceof Error)) return `${file}: ${error}`
  const [, mistake, path = "", line, column] =
    /^ParseError: (.*?)\s*\n\s*(.*):(\d+):(\d+)$/s.exec(error.message) ?? []
  // The parser counts columns from 0.
  if (mistake !== undefined) return `${placeIn(file, path)}:${line}:${Number(column) + 1}: ${mistake}`
  const message = error.message.replace(/\nRequire stack:.*/s, "").replaceAll(/\s+/g, " ")
  const frame = ownFrame(error.stack ?? "")
  // Types are removed before the code runs, so that its columns are others.
  return frame ? `${placeIn(file, frame.path)}:${frame.line}: ${message}` : `${file}: ${message}`
}

/** Names a module as part of a file that imports it, or the file itself. */
function placeIn(file: string, path: string): string {
  return path === resolve(file) ? file : `${file}: ${relative(process.cwd(), path)}`
}

/** Returns where an error was thrown, apart from code of packages and of node. */
function ownFrame(stack: string): { readonly path: string; readonly line: string } | undefined {
  const frames = [...stack.matchAll(/^ +at (?:.*\()?(\/.*?):(\d+):\d+\)?$/gm)]
  const [, path = "", line = ""] = frames.find(([, path = ""]) => !path.includes("/node_modules/")) ?? []
  return path === "" ? undefined : { path, line }
}
