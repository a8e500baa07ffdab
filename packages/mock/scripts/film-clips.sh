#!/usr/bin/env bash
# Makes src/media/clips.ts anew, with ffmpeg and libx264 (last with ffmpeg 5.1 of Debian 12): twelve frames of a
# square that goes round once, a key frame first and no B-frames, so that they can be repeated without end.
set -euo pipefail
cd "$(dirname "$0")/../src/media"
file=$(mktemp --suffix .mp4)
trap 'rm -f "$file"' EXIT
{
  echo '/** MP4 files in base64 by their size: twelve frames of H.264 each. Made by scripts/film-clips.sh. */'
  echo 'export const clips = {'
  for size in 720x1280 1280x720 1024x1792 1792x1024; do
    ffmpeg -v error -y -f lavfi -i "color=c=0x2b4b7a:s=$size:r=12" -f lavfi -i "color=c=0xf2b544:s=180x180:r=12" \
      -filter_complex "[0][1]overlay=x='(W-w)/2+(W-w)/3*cos(2*PI*n/12)':y='(H-h)/2+(H-h)/3*sin(2*PI*n/12)'" \
      -frames:v 12 -c:v libx264 -profile:v high -preset veryslow -crf 32 -pix_fmt yuv420p \
      -x264-params keyint=12:scenecut=0:bframes=0 -bsf:v filter_units=remove_types=6 \
      -fflags +bitexact -map_metadata -1 "$file"
    printf '  "%s":\n    "%s",\n' "$size" "$(base64 -w0 "$file")"
  done
  echo '} as const'
} >clips.ts
