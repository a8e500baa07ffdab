#!/usr/bin/env bash
# Sees to it that ffmpeg and ffprobe, which the tests make and read media with, are there: from Debian's package.
set -euo pipefail
if command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null; then exit 0; fi

give_up() {
  echo "ffmpeg and ffprobe are missing, and $1. Install ffmpeg (Debian's package 'ffmpeg') and try again." >&2
  exit 1
}

command -v apt-get >/dev/null || give_up "there is no apt-get to install them with"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || give_up "installing them takes root"
  as_root=(sudo -n)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq >&2 || give_up "'apt-get update' failed"
"${as_root[@]}" apt-get install -y -qq --no-install-recommends ffmpeg >&2 || give_up "apt-get cannot install them"
