#!/usr/bin/env bash
# Holds conversations of at least three turns, with a tool loop, between real clients and the mock under each profile.
# Opt-in: it installs the clients and Node 22, which some of them need, outside the repository. A reply of the mock
# with a status of 4xx or 5xx fails the run.
set -euo pipefail
cd "$(dirname "$0")/.."
npx -y pnpm@10.34.8 --silent build >/dev/null
root=$PWD
folder=$(mktemp -d)
mock=
stop() { if [ -n "$mock" ]; then kill "$mock" 2>/dev/null || true; wait "$mock" 2>/dev/null || true; mock=; fi; }
trap 'stop; rm -rf "$folder"' EXIT

cp scripts/conversations/*.mjs "$folder"
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit node@22 zod@4 openai@6 openai-7@npm:openai@7 ai@7 @ai-sdk/openai@4 \
  @langchain/openai@1 @langchain/core@1 @openai/agents@0.20

failed=0
for profile in nexhina openai; do
  for client in *.mjs; do
    rm -f log.ndjson
    node "$root/apps/mock-server/bin/nexhina-mock.js" --port 0 --profile "$profile" --log json >log.ndjson &
    mock=$!
    until [ -s log.ndjson ]; do sleep 0.1; done
    base_url=$(node -p 'JSON.parse(require("fs").readFileSync("log.ndjson", "utf8").split("\n")[0]).listening')
    name="${client%.mjs} under $profile"
    if OPENAI_BASE_URL=$base_url OPENAI_API_KEY=sk-mock OPENAI_AGENTS_DISABLE_TRACING=1 timeout 60 npx node "$client"; then
      stop
      refused=$(grep -c '"status":[45]' log.ndjson || true)
      requests=$(grep -c '"status"' log.ndjson || true)
      if [ "$refused" -eq 0 ]; then echo "ok: $name ($requests requests)"; continue; fi
      grep '"status":[45]' log.ndjson
    fi
    stop
    echo "failed: $name"
    failed=1
  done
done
exit "$failed"
