import { type FSWatcher, readdirSync, statSync, watch } from "node:fs"
import { dirname, extname, join, resolve } from "node:path"
import { code, isInPackages, textual } from "./scenario-files.ts"

/** Milliseconds without another change after which changed files are read: editors write in several steps (chosen). */
const settleMs = 50

/** Watches scenarios, and the images that they refer to. */
export interface ScenarioWatch {
  /** Sets the files of images that are watched. */
  images(files: readonly string[]): void
  close(): void
}

/**
 * Calls back after scenarios in some files and folders have changed, or modules next to them, or images that they refer
 * to. Other files may change: a log may be written to the same folder.
 */
export function watchScenarios(paths: readonly string[], changed: () => void): ScenarioWatch {
  const given: ReadonlySet<string> = new Set(paths.map((path) => resolve(path)))
  const watchers = new Map<string, FSWatcher>()
  let scenarioFolders: ReadonlySet<string> = new Set()
  let images: ReadonlySet<string> = new Set()
  let timer: NodeJS.Timeout | undefined

  const isRead = (file: string, folder: string) =>
    given.has(file) ||
    images.has(file) ||
    code.has(extname(file)) ||
    (scenarioFolders.has(folder) &&
      (textual.has(extname(file)) || scenarioFolders.has(file) || isFolder(file)))
  const notice = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      follow()
      changed()
    }, settleMs)
  }
  /** Watches folders, because editors replace files. */
  function follow(): void {
    scenarioFolders = new Set([...given].filter(isFolder).flatMap((path) => [path, ...subfoldersOf(path)]))
    const folders = new Set([...scenarioFolders, ...[...given, ...images].map((file) => dirname(file))])
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    for (const folder of folders) if (!watchers.has(folder) && isFolder(folder)) watchFolder(folder)
  }
  function watchFolder(folder: string): void {
    const watcher = watch(folder, { persistent: false }, (_, name) => {
      if (name === null || isRead(join(folder, name), folder)) notice()
    })
    // A folder that is deleted is an error; the scenarios in use stay.
    watcher.on("error", () => {
      watchers.delete(folder)
      notice()
    })
    watchers.set(folder, watcher)
  }
  follow()
  return {
    images(files) {
      images = new Set(files)
      follow()
    },
    close() {
      clearTimeout(timer)
      for (const watcher of watchers.values()) watcher.close()
    },
  }
}

// What cannot be read is reported when it is loaded: here it is not watched, and a server goes on.

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function subfoldersOf(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((folder) => !isInPackages(path, folder))
  } catch {
    return []
  }
}
