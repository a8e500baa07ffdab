#!/usr/bin/env bash
# Runs the steps of action.yml that are scripts, as a runner does, in an empty folder: it installs the kit from tarballs
# of this repository, checks the built-in mock server, and decides. The comment and the artifact are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/work" "$folder/temp"
for package in schemas stream wire viewer mock conformance; do
  (cd "packages/$package" && npx -y pnpm@10.34.8 --silent pack --pack-destination "$folder/work" >/dev/null)
done

cd "$folder/work"
node - "$root" "$folder" <<'JS'
const { spawnSync } = require("node:child_process")
const { readdirSync, readFileSync, writeFileSync } = require("node:fs")
const { createRequire } = require("node:module")
const { join } = require("node:path")

const [root, folder] = process.argv.slice(2)
const { parse } = createRequire(join(root, "packages/conformance/package.json"))("yaml")
const { inputs, runs } = parse(readFileSync(join(root, "action.yml"), "utf8"))
const given = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default]))
given.package = readdirSync(".").join("\n")
given.quick = "true"
const output = join(folder, "output")
writeFileSync(output, "")
const outputs = () => Object.fromEntries(readFileSync(output, "utf8").split("\n").map((line) => line.split("=")))
const filledIn = (text) =>
  text.replace(/\$\{\{ (inputs|steps\.check\.outputs)\.([\w-]+) \}\}/g, (_, of, name) =>
    of === "inputs" ? given[name] : outputs()[name],
  )
for (const { name, run, uses, with: settings, env = {}, if: condition } of runs.steps) {
  if (uses) {
    const files = readdirSync(filledIn(settings.path))
    console.log(`${name}: ${files.join(", ")}`)
    if (!files.includes("report.json")) process.exit(1)
  }
  if (!run || condition) continue
  console.log(`== ${name}`)
  const variables = Object.fromEntries(Object.entries(env).map(([key, text]) => [key, filledIn(text)]))
  const files = { RUNNER_TEMP: join(folder, "temp"), GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: join(folder, "summary") }
  const { status } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", run], {
    env: { ...process.env, NO_COLOR: "1", ...files, ...variables },
    stdio: "inherit",
  })
  if (status !== 0) process.exit(status ?? 1)
}
JS
