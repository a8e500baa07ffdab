#!/usr/bin/env bash
# Releases what the changesets say. Without arguments it rehearses: it prints the next versions, worked out in a copy, and
# packs every package as for publishing. With --publish it does it, from a clean main on which `changeset version` ran.
set -euo pipefail
cd "$(dirname "$0")/.."
pnpm() { npx -y pnpm@10.34.8 "$@"; }
export NO_COLOR=1

if [ "${1:-}" = --publish ]; then
  [ -z "$(git status --porcelain)" ] || { echo "The working tree has changes: commit them first." >&2; exit 1; }
  pnpm --silent build
  exec npx changeset publish
fi

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r .changeset package.json pnpm-workspace.yaml "$copy"
ln -s "$PWD/node_modules" "$copy/node_modules"
for manifest in packages/*/package.json apps/*/package.json; do
  mkdir -p "$copy/$(dirname "$manifest")"
  cp "$manifest" "$copy/$manifest"
done
(
  cd "$copy"
  git init -q
  node_modules/.bin/changeset version
  node -p '
    process.argv.slice(1).map((file) => JSON.parse(fs.readFileSync(file, "utf8")))
      .filter((manifest) => !manifest.private)
      .map(({ name, version }) => `next: ${name} ${version}`)
      .join("\n")' packages/*/package.json apps/*/package.json
)

pnpm --silent build
pnpm -r publish --dry-run --no-git-checks 2>&1 | grep -E '^(npm notice (name|package size|unpacked size)|\+|npm error|ERR)'
echo "Nothing was published."
