#!/usr/bin/env bash
# Builds the ICC profile of the printing condition FOGRA39 from Fogra's characterisation data, which Debian ships, once for each
# version of data and settings: coated paper, at most 300 % of ink, black by a ramp. Takes two or three minutes.
set -euo pipefail
data=/usr/share/color/icc/FOGRA39L.ti3
data_sha256=e44e6dfa81633588db98b5613a821d4a936d3d9438d2eb983083c3232df393fa
icc=${PRESSWERK_LIB:-${XDG_CACHE_HOME:-$HOME/.cache}/presswerk/native}/icc
key=$(cat "$0" "$data" | sha256sum | cut -d' ' -f1)
[ -f "$icc/fogra39.icc" ] && [ "$(cat "$icc/fogra39.key" 2>/dev/null)" = "$key" ] && exit 0
[ "$(sha256sum "$data" | cut -d' ' -f1)" = "$data_sha256" ] || { echo "profiles: $data is other data than this script knows; nothing was built" >&2; exit 1; }
echo "profiles: building FOGRA39"
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cp "$data" "$temp/fogra39.ti3"
(cd "$temp" && colprof -q m -b m -l 300 -k r -c mt -d pp -S /usr/share/color/argyll/ref/sRGB.icm -A Presswerk -M FOGRA39 \
  -D "FOGRA39 coated, 300 % ink" -C "Made from FOGRA39L of icc-profiles-free, zlib licence" fogra39 > colprof.log) || { cat "$temp/colprof.log" >&2; exit 1; }
mkdir -p "$icc"
# The date of the data instead of today's, so that the same data give the same file.
python3 - "$temp"/fogra39.ic[cm] "$icc/fogra39.icc.part" <<'PYTHON'
import struct, sys
profile = bytearray(open(sys.argv[1], "rb").read())
profile[24:36] = struct.pack(">6H", 2006, 12, 1, 0, 0, 0)
open(sys.argv[2], "wb").write(profile)
PYTHON
mv "$icc/fogra39.icc.part" "$icc/fogra39.icc"
echo "$key" > "$icc/fogra39.key"
