#!/usr/bin/env bash
# Packs every package that is published, installs the tarballs into an empty folder, and runs both commands from there.
set -euo pipefail
cd "$(dirname "$0")/.."
pnpm() { npx -y pnpm@10.34.8 "$@"; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for package in packages/* apps/*; do
  if grep -q '"private": true' "$package/package.json"; then continue; fi
  pnpm --silent exec publint --strict "$package"
  (cd "$package" && pnpm --silent pack --pack-destination "$folder" >/dev/null)
done
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit ./*.tgz
npx nexhina-mock --version
npx nexhina-conformance run --runs 1 --report json=report.json
node -e 'import("@nexhina/mock/fetch").then(({ toFetch }) => console.log(typeof toFetch))'
