#!/usr/bin/env bash
# Converts the upscalers that scripts/native.sh brought into ONNX, once for each version of network and converter.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
networks=${PRESSWERK_LIB:-${XDG_CACHE_HOME:-$HOME/.cache}/presswerk/native}/models/realesrgan
for name in realesr-animevideov3-x4 realesrgan-x4plus-anime; do
  base=$networks/$name
  key=$(cat "$base.param" "$base.bin" "$top"/internal/model/{ncnn,graph}.go | sha256sum | cut -d' ' -f1)
  [ -f "$base.onnx" ] && [ "$(cat "$base.key" 2>/dev/null)" = "$key" ] && continue
  echo "models: converting $name"
  "$top/bin/presswerk" models convert "$base.param" "$base.bin" "$base.onnx" > /dev/null
  echo "$key" > "$base.key"
done
