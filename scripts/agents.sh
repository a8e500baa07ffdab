#!/usr/bin/env bash
# Lets coding agents hold three turns with the mock under each profile, two of them with a tool loop, and lets two of them
# correct a file as a scenario says. Opt-in: it installs the agents (more than 800 MB) outside the repository. A reply of
# the mock with a status of 4xx or 5xx fails the run. Tools get generated arguments, in an empty folder and with a home of
# its own.
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
    "$agents/codex" exec --skip-git-repo-check -s "${CODEX_SANDBOX:-read-only}" "$1"
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

# Holds three turns with the agent $1; every answer must quote the user, and the first one what a tool answered. A tool
# that runs in the background, such as qwen's monitor, answers with a notification, which is a message of the user.
converse() {
  local when=first
  for words in "Say hello. [mock:call]" "Go on. [mock:call]" "And now?"; do
    # The marker makes the mock call some of the agent's tools.
    "$1" "$words" "$when" </dev/null >answer.txt 2>&1 || { cat answer.txt; return 1; }
    grep -q 'You said: ' answer.txt || { cat answer.txt; return 1; }
    [ "$when" = later ] || grep -qE 'A tool answered: |<task-notification>' answer.txt || { cat answer.txt; return 1; }
    when=later
  done
}

# Writes scenarios in which a model corrects the file $1, by a tool for files or by commands, and reads the result.
write_scenarios() {
  cat <<YAML
scenarios:
  - match: { user: Correct the greeting with a command. }
    steps:
      - toolCalls: [{ name: exec_command, arguments: { cmd: sed -i s/Helo/Hello/ greeting.txt } }]
      - toolCalls: [{ name: exec_command, arguments: { cmd: cat greeting.txt } }]
      - text: "Corrected: {{toolResult}}"
  - match: { user: Correct the greeting with a tool. }
    steps:
      - toolCalls: [{ name: read_file, arguments: { file_path: $1 } }]
      - toolCalls: [{ name: edit, arguments: { file_path: $1, old_string: Helo, new_string: Hello } }]
      - text: "Corrected: {{toolResult}}"
YAML
}

# Lets the agent $1 correct a file, with $2: "a command" or "a tool".
correct() {
  echo "Helo world" >greeting.txt
  CODEX_SANDBOX=workspace-write "$1" "Correct the greeting with $2." first </dev/null >answer.txt 2>&1 || { cat answer.txt; return 1; }
  [ "$(cat greeting.txt)" = "Hello world" ] && grep -q 'Corrected: ' answer.txt || { cat answer.txt; return 1; }
}

# Runs "$@" with a home and settings that lead to the mock.
at_home() {
  HOME=$work/home CODEX_HOME=$work/home/.codex OPENAI_API_KEY=sk-mock OPENAI_BASE_URL=$url OPENAI_MODEL=gpt-4o "$@"
}

failed=0
for profile in nexhina openai; do
  for agent in codex opencode qwen; do
    work=$folder/$agent-$profile
    mkdir -p "$work/home" "$work/files"
    cd "$work/files"
    git init -q .
    write_scenarios "$work/files/greeting.txt" >"$work/edit.yaml"
    node "$root/apps/mock-server/bin/nexhina-mock.js" --port 0 --profile "$profile" --scenarios "$work/edit.yaml" \
      --log json >"$work/log.ndjson" &
    mock=$!
    until [ -s "$work/log.ndjson" ]; do sleep 0.1; done
    url=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8").split("\n")[0]).listening' "$work/log.ndjson")
    name="$agent under $profile"
    result=ok
    at_home converse "$agent" || result=failed
    case $agent in
      codex) at_home correct "$agent" "a command" || result=failed ;;
      qwen) at_home correct "$agent" "a tool" || result=failed ;;
    esac
    stop
    if grep '"status":[45]' "$work/log.ndjson"; then result=failed; fi
    echo "$result: $name ($(grep -c '"status"' "$work/log.ndjson" || true) requests)"
    [ "$result" = ok ] || failed=1
  done
done
exit "$failed"
