#!/usr/bin/env bash
# Sees to it that chromium, in which the tests open pages, is there: from Debian's package.
set -euo pipefail
if command -v chromium >/dev/null; then exit 0; fi

give_up() {
  echo "chromium is missing, and $1. Install chromium (Debian's package 'chromium') and try again." >&2
  exit 1
}

command -v apt-get >/dev/null || give_up "there is no apt-get to install it with"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || give_up "installing it takes root"
  as_root=(sudo -n)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq >&2 || give_up "'apt-get update' failed"
"${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium >&2 || give_up "apt-get cannot install it"
