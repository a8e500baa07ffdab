import { existsSync } from "node:fs"
import { rename, rm, writeFile } from "node:fs/promises"

/**
 * Writes a file that does not exist yet: what is there may have been edited by hand, or come from another tool. A file
 * under its own name is always whole. Rejects with an error that names the file and the remedy.
 */
export async function writeNew(path: string, text: string): Promise<void> {
  if (existsSync(path)) throw new Error(`${path} exists. Remove it, or give another name`)
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await writeFile(temporary, text)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}
