#!/usr/bin/env bash
# Packs the kit and the packages that it needs, and lets a test run the steps of action.yml with them: npm installs the
# tarballs in an empty folder, and the kit that is installed there checks a mock.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for package in schemas stream wire viewer mock conformance; do
  (cd "packages/$package" && npx -y pnpm@10.34.8 --silent pack --pack-destination "$folder" >/dev/null)
done
ACTION_TARBALLS=$folder npx vitest run packages/conformance/test/action.long.test.ts -t "installed from tarballs"
