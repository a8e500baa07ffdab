#!/usr/bin/env bash
# Runs the tests of the MSW handlers with msw 3 on Node 22, in a copy of the last commit. msw 3 does not start on
# Node 20, which the repository is tested on.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git archive HEAD | tar -x -C "$folder"
cd "$folder"
on_node_22() { npx -y -p node@22 -p pnpm@10.34.8 "$@"; }
sed -i 's/^  msw: .*/  msw: ^3.0.0/' pnpm-workspace.yaml
on_node_22 pnpm --silent install --no-frozen-lockfile
# Under msw 3 a body that is cut ends without an error, so that an application cannot see the cut.
without_cuts='^(?!.*(cut in the middle|stalls and is cut))'
on_node_22 pnpm exec vitest run packages/mock/src/hosts packages/mock/src/testing packages/mock/test/hosts.test.ts \
  packages/mock/test/sdk-msw.test.ts -t "$without_cuts"
on_node_22 pnpm exec vitest run examples -t "$without_cuts"
