#!/usr/bin/env bash
# Writes a folder's requirements.txt (by default that of setup/python, else of "$1": trainer) anew from its
# requirements.in: every package that pip picks today, with its hash.
set -euo pipefail
cd "$(dirname "$0")/../${1:-setup/python}"
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
python3 -m pip download --quiet --only-binary=:all: --dest "$wheels" --requirement requirements.in
{
  echo "# Made from requirements.in by 'scripts/lock-python.sh'; wheels for CPython 3.11 on linux/amd64."
  for wheel in "$wheels"/*.whl; do
    base=$(basename "$wheel")
    name=${base%%-*}
    rest=${base#*-}
    echo "${name//_/-}==${rest%%-*} --hash=sha256:$(sha256sum "$wheel" | cut -d' ' -f1)"
  done
} > requirements.txt.new
mv requirements.txt.new requirements.txt
