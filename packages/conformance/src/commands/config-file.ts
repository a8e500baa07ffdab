import { readFileSync } from "node:fs"
import { parse as parseYaml } from "yaml"
import { fileErrorText } from "../files/file-error.ts"
import { UsageError } from "../options/options.ts"

/** Reads a configuration file. Throws a `UsageError` for one that cannot be read. */
export function readConfig(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    throw new UsageError(`--config: cannot read '${file}': ${fileErrorText(error, "the file")}`)
  }
  let value: unknown
  try {
    // Without the lines at fault, which may contain a key.
    value = parseYaml(text, { prettyErrors: false })
  } catch (error) {
    throw new UsageError(`--config: '${file}' is not valid YAML: ${(error as Error).message}`)
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`--config: '${file}' must contain an object of options, such as 'profile: openai'`)
  }
  return value as Record<string, unknown>
}
