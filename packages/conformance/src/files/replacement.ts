import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs"
import { dirname, resolve } from "node:path"
import { UsageError } from "../options/options.ts"
import { fileErrorText } from "./file-error.ts"
import { atProcessEnd } from "./process-end.ts"

/**
 * A file that takes the place of another when it is complete, so that the earlier one survives a failed run. It is removed
 * when the process ends before.
 */
export interface Replacement {
  /** The path, as it was given. */
  readonly path: string
  /** The file to write: a new one beside the file, or the path itself when it is a device or a pipe. */
  readonly written: string
  /** Puts what was written in its place. Throws the error of the system. */
  commit(): void
  /** Removes what was written and not put in its place. */
  discard(): void
}

/** Returns where a file that does not exist will be: what a link leads to, or the path itself. */
function newFileOf(path: string): string | undefined {
  if (!isLink(path)) return path
  const target = resolve(dirname(path), readlinkSync(path))
  return isLink(target) ? undefined : target
}

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true

/**
 * Creates the file to write, before the first request is sent. The file that a link leads to is replaced, and not the
 * link; its mode stays.
 * @throws {UsageError} naming the option, when the file cannot be written.
 */
export function openReplacement(option: string, path: string): Replacement {
  const refuse = (why: string) => new UsageError(`${option}: cannot write '${path}': ${why}`)
  const earlier: Stats | undefined = existsSync(path) ? statSync(path) : undefined
  if (earlier?.isDirectory()) throw refuse("it is a folder")
  if (earlier && !earlier.isFile()) {
    return { path, written: path, commit() {}, discard() {} }
  }
  const target = earlier ? realpathSync(path) : newFileOf(path)
  if (target === undefined) throw refuse("it is a link to a link that leads nowhere")
  const written = `${target}.${process.pid}.tmp`
  try {
    // A file that must not be written is not replaced either.
    if (earlier) closeSync(openSync(target, "r+"))
    closeSync(openSync(written, "w"))
    if (earlier) chmodSync(written, earlier.mode)
  } catch (error) {
    throw refuse(fileErrorText(error, "its folder"))
  }
  const remove = () => rmSync(written, { force: true })
  const keep = atProcessEnd(remove)
  return {
    path,
    written,
    commit() {
      renameSync(written, target)
      keep()
    },
    discard() {
      remove()
      keep()
    },
  }
}
