#!/usr/bin/env bash
# Packs every package that is published and uses the tarballs as a stranger would, in an empty folder outside the
# workspace: both commands, an import of every export, its types for two kinds of module resolution, and two linters.
set -euo pipefail
cd "$(dirname "$0")/.."
pnpm() { npx -y pnpm@10.34.8 "$@"; }
root=$PWD
bin=$root/node_modules/.bin
folder=$(mktemp -d)
mock=
finish() {
  if [ -n "$mock" ]; then kill "$mock" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT

for package in packages/* apps/*; do
  if grep -q '"private": true' "$package/package.json"; then continue; fi
  (cd "$package" && pnpm --silent pack --pack-destination "$folder" >/dev/null)
done

for tarball in "$folder"/*.tgz; do
  "$bin/publint" --strict "$tarball"
  # A program exports nothing that has types.
  case $tarball in
    *mock-server*) ;;
    *) "$bin/attw" "$tarball" --profile esm-only --format ascii --no-emoji --no-summary --exclude-entrypoints openapi.yaml ;;
  esac
done

cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --no-fund --no-audit ./*.tgz typescript@5.9.3 @types/node@20 msw@2.15.0 vitest@4.1.12

node "$root/scripts/consumer.js" .
for resolution in nodenext bundler; do
  npx tsc -p "tsconfig.$resolution.json"
  echo "the types of every export compile under $resolution"
done
# shellcheck disable=SC2046
node "$root/scripts/forgotten-exports.js" . $(cat entries.txt)

npx nexhina-mock --version
npx nexhina-conformance --version
# Not through npx, which would leave it running when it is itself ended.
node_modules/.bin/nexhina-mock --port 0 --log json --api-key sk-tarballs >mock.log &
mock=$!
until grep -q listening mock.log; do
  kill -0 "$mock" || { echo "nexhina-mock did not start"; exit 1; }
  sleep 0.1
done
url=$(node -p 'JSON.parse(fs.readFileSync("mock.log", "utf8").split("\n")[0]).listening')
# All that the command was bundled from answers once: the codecs and the thread that reads recordings, too.
NEXHINA_API_KEY=sk-tarballs npx nexhina-conformance run --base-url "$url" --runs 1 --include all --report json=report.json
npx nexhina-conformance run --quick --report json=report.json
node -p 'const { rules, summary } = JSON.parse(fs.readFileSync("report.json", "utf8")); `${rules.length} rules, ${summary.fail} failed`'
# A bundle is judged again in an empty home, without the environment of whoever made it.
npx nexhina-conformance run --quick --bundle evidence.zip --report json=report.json
mkdir elsewhere
env -i PATH="$PATH" HOME="$folder/elsewhere" node_modules/.bin/nexhina-conformance check evidence.zip --report json=again.json
node -e '
  const [{ outcome, rules, requirements }, again] = ["report.json", "again.json"].map((file) => JSON.parse(fs.readFileSync(file, "utf8")))
  require("node:assert").deepEqual({ outcome, rules, requirements }, { outcome: again.outcome, rules: again.rules, requirements: again.requirements })
'
[ -z "$(ls -A elsewhere)" ]
