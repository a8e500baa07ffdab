#!/usr/bin/env bash
# Sees to it that commands are there which the tests use: from the Debian package $1, which contains the commands $2…
set -euo pipefail
package=$1
shift
for command in "$@"; do command -v "$command" >/dev/null || missing=$command; done
[ -n "${missing:-}" ] || exit 0

give_up() {
  echo "$missing is missing, and $1. Install Debian's package '$package' and try again." >&2
  exit 1
}

command -v apt-get >/dev/null || give_up "apt-get is missing too, which would install it"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || give_up "only root may install it"
  as_root=(sudo -n)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq >&2 || give_up "'apt-get update' failed"
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "$package" >&2 || give_up "apt-get cannot install it"
