import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileErrorText } from "../files/file-error.ts"
import { UsageError } from "../options/options.ts"
import { print } from "./report-output.ts"

/** The files that `init` writes, by their paths. */
const files: Readonly<Record<string, string>> = {
  "conformance.yaml": `# yaml-language-server: $schema=node_modules/@nexhina/conformance/config.schema.json
# Options of 'nexhina-conformance run --config conformance.yaml'; the command line takes precedence.
# The API key is read from the environment variable NEXHINA_API_KEY.
baseUrl: http://127.0.0.1:4010/v1
profile: nexhina
baseline: baseline.yaml
`,
  "baseline.yaml": `# yaml-language-server: $schema=node_modules/@nexhina/conformance/baseline.schema.json
# Findings of nexhina-conformance that do not fail a run. Add a reason, an owner and a last day to each.
# New findings fail, and so do entries that are stale or expired.
findings: []
`,
  ".github/workflows/conformance.yml": `name: conformance
on: pull_request
permissions:
  contents: read
jobs:
  conformance:
    runs-on: ubuntu-latest
    env:
      NEXHINA_API_KEY: \${{ secrets.NEXHINA_API_KEY }}
    steps:
      - uses: actions/checkout@v4
      # Start your server here, or name a deployed one as base-url.
      - uses: nexhina/contract-kit@main
        with:
          base-url: http://127.0.0.1:4010/v1
          quick: "true"
          baseline: baseline.yaml
`,
}

/**
 * Writes a configuration, an empty baseline and a workflow for GitHub Actions into a folder. Returns their paths.
 * @throws {UsageError} when one of them exists and `force` is false (then none is written), or cannot be written.
 */
export function init(folder: string, force: boolean): string[] {
  const paths = Object.keys(files)
  const existing = paths.filter((path) => existsSync(join(folder, path)))
  if (existing.length > 0 && !force)
    throw new UsageError(`init: ${existing.join(", ")} would be overwritten; use --force to do that`)
  const attempt = (path: string, write: () => void) => {
    try {
      write()
    } catch (error) {
      throw new UsageError(`init: cannot write '${path}': ${fileErrorText(error, "its folder")}`)
    }
  }
  // First, so that a folder that cannot be made leaves no file, which the next attempt would not overwrite.
  for (const path of paths) attempt(path, () => mkdirSync(dirname(join(folder, path)), { recursive: true }))
  for (const [path, text] of Object.entries(files))
    attempt(path, () => writeFileSync(join(folder, path), text))
  return paths
}

/** Carries out `init` in the current folder, and returns its exit code. */
export async function initCommand({ force = false }: { force?: boolean }): Promise<number> {
  await print(
    init(".", force)
      .map((path) => `wrote ${path}\n`)
      .join(""),
  )
  return 0
}
