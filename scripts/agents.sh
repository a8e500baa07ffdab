#!/usr/bin/env bash
# Lets coding agents hold three turns with the mock under each profile, two of them with a tool loop. Opt-in: it installs
# the agents (more than 800 MB) outside the repository. A reply of the mock with a status of 4xx or 5xx fails the run.
# The tools get generated arguments, in an empty folder and with a home of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
npx -y pnpm@10.34.8 --silent build >/dev/null
root=$PWD
folder=$(mktemp -d)
mock=
stop() { if [ -n "$mock" ]; then kill "$mock" 2>/dev/null || true; wait "$mock" 2>/dev/null || true; mock=; fi; }
trap 'stop; rm -rf "$folder"' EXIT

cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @openai/codex opencode-ai @qwen-code/qwen-code
agents=$folder/node_modules/.bin

# Each function takes the words of one turn, and "first" or "later".
codex() {
  mkdir -p "$CODEX_HOME"
  cat >"$CODEX_HOME/config.toml" <<TOML
model = "gpt-4o"
model_provider = "mock"
[model_providers.mock]
name = "mock"
base_url = "$OPENAI_BASE_URL"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
TOML
  if [ "$2" = first ]; then
    "$agents/codex" exec --skip-git-repo-check -s read-only "$1"
  else
    "$agents/codex" exec --skip-git-repo-check resume --last "$1"
  fi
}
opencode() {
  cat >opencode.json <<JSON
{
  "model": "openai/gpt-4o",
  "small_model": "openai/gpt-4o",
  "provider": { "openai": { "options": { "baseURL": "$OPENAI_BASE_URL", "apiKey": "$OPENAI_API_KEY" } } },
  "autoupdate": false,
  "share": "disabled"
}
JSON
  if [ "$2" = first ]; then "$agents/opencode" run --auto "$1"; else "$agents/opencode" run --auto -c "$1"; fi
}
qwen() {
  if [ "$2" = first ]; then
    "$agents/qwen" -y --auth-type openai "$1"
  else
    "$agents/qwen" -y --auth-type openai -c "$1"
  fi
}

# Holds three turns with the agent $1; every answer must quote the user.
converse() {
  local when=first
  for words in "Say hello. [mock:call]" "Go on. [mock:call]" "And now?"; do
    # The marker makes the mock call some of the agent's tools.
    "$1" "$words" "$when" </dev/null >answer.txt 2>&1 || { cat answer.txt; return 1; }
    grep -q 'You said: ' answer.txt || { cat answer.txt; return 1; }
    [ "$when" = later ] || grep -q 'A tool answered: ' answer.txt || { cat answer.txt; return 1; }
    when=later
  done
}

failed=0
for profile in nexhina openai; do
  for agent in codex opencode qwen; do
    work=$folder/$agent-$profile
    mkdir -p "$work/home" "$work/files"
    cd "$work/files"
    git init -q .
    node "$root/apps/mock-server/bin/nexhina-mock.js" --port 0 --profile "$profile" --log json >"$work/log.ndjson" &
    mock=$!
    until [ -s "$work/log.ndjson" ]; do sleep 0.1; done
    url=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8").split("\n")[0]).listening' "$work/log.ndjson")
    name="$agent under $profile"
    result=ok
    HOME=$work/home CODEX_HOME=$work/home/.codex OPENAI_API_KEY=sk-mock OPENAI_BASE_URL=$url OPENAI_MODEL=gpt-4o \
      converse "$agent" || result=failed
    stop
    if grep '"status":[45]' "$work/log.ndjson"; then result=failed; fi
    echo "$result: $name ($(grep -c '"status"' "$work/log.ndjson" || true) requests)"
    [ "$result" = ok ] || failed=1
  done
done
exit "$failed"
