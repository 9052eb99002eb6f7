#!/usr/bin/env bash
# Installs what the machine lacks: Debian packages, native libraries and, with "tools", what only checks need.
# It can be run again at any time and then does nothing. As root, or with sudo for the Debian packages.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/presswerk
tools=${PRESSWERK_TOOLS:-$cache/tools}

missing_packages() { # FILE...
  cat "$@" | sed 's/#.*//' | while read -r package; do
    [ -n "$package" ] || continue
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

install_packages() { # FILE...
  local missing root=
  command -v dpkg-query >/dev/null || { echo "setup: this is not Debian; install the counterparts of setup/debian.txt yourself" >&2; return; }
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: these Debian packages are missing and there is no sudo; install them as root: "$missing >&2; exit 1; }
    root=sudo
  fi
  echo "setup: installing" $missing
  $root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  # shellcheck disable=SC2086 # one word a package
  $root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing > /dev/null
}

# keyed NAME FILE... runs the function install_NAME into a folder named by the files' hash and points NAME at it.
keyed() {
  local name=$1 key dir
  shift
  key=$(cat "$@" | sha256sum | cut -c1-16)
  dir=$tools/$name-$key
  if [ ! -f "$dir/.done" ]; then
    echo "setup: installing $name tools"
    rm -rf "$dir"
    mkdir -p "$dir"
    "install_$name" "$dir"
    touch "$dir/.done"
  fi
  ln -sfn "$name-$key" "$tools/$name"
}

install_node() {
  cp "$top/setup/node/package.json" "$top/setup/node/package-lock.json" "$1/"
  (cd "$1" && npm ci --silent --no-audit --no-fund --ignore-scripts)
}

install_python() {
  python3 -m venv "$1"
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: --requirement "$top/setup/python/requirements.txt"
}

install_go() {
  (cd "$top/setup/gotools" && GOBIN="$1" go install tool)
}

install_sdcpp() {
  "$top/scripts/sdcpp.sh" "$1"
}

for program in go python3; do
  command -v "$program" >/dev/null || { echo "setup: $program is missing; Go 1.26 and Python 3.11 or newer are needed first" >&2; exit 1; }
done
install_packages "$top/setup/debian.txt"
"$top/scripts/native.sh"
"$top/scripts/profiles.sh"
if [ "${1:-}" = tools ]; then
  install_packages "$top/setup/debian-tools.txt"
  command -v npm >/dev/null || { echo "setup: npm is missing; the checks need Node 20 or newer" >&2; exit 1; }
  keyed node "$top/setup/node/package.json" "$top/setup/node/package-lock.json"
  keyed python "$top/setup/python/requirements.txt"
  keyed go "$top/setup/gotools/go.mod" "$top/setup/gotools/go.sum"
  "$top/scripts/native.sh" "$top/setup/models.lock"
  keyed sdcpp "$top/setup/sdcpp.lock" "$top/scripts/sdcpp.sh"
fi
