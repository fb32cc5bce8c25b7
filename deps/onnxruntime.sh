#!/bin/bash
# Puts ONNX Runtime into .deps/onnxruntime: include/ (the C API's header, as the Go module onnxruntime_go carries it) and
# lib/libonnxruntime.so.1 (from the onnxruntime wheel). The server opens the library when the first ONNX model is loaded.
# Usage: deps/onnxruntime.sh [FOLDER]      needs uv or pip, and go
set -euo pipefail
readonly WHEEL_VERSION=1.32.0
readonly HEADER_MODULE=github.com/yalue/onnxruntime_go@v1.27.0

root=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-$root/.deps/onnxruntime}
stamp="$target/.$WHEEL_VERSION-${HEADER_MODULE##*@}"
[ -f "$stamp" ] && exit 0

export PATH="$root/.venv/bin:$PATH:/usr/local/go/bin"
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir -p "$target/include" "$target/lib"

(cd "$work" && go mod init fetch 2>/dev/null && go mod download -json "$HEADER_MODULE" >module.json)
headers=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["Dir"])' "$work/module.json")
install -m 644 "$headers"/onnxruntime_c_api.h "$headers"/onnxruntime_ep_c_api.h "$target/include/"

if command -v uv >/dev/null; then
  uv pip install --quiet --no-deps --python python3 --target "$work/wheel" "onnxruntime==$WHEEL_VERSION"
else
  python3 -m pip install --quiet --no-deps --target "$work/wheel" "onnxruntime==$WHEEL_VERSION"
fi
install -m 755 "$work"/wheel/onnxruntime/capi/libonnxruntime.so."$WHEEL_VERSION" "$target/lib/.part"
mv "$target/lib/.part" "$target/lib/libonnxruntime.so.1"  # whole or not at all, even for a server that is opening it
install -m 644 "$work"/wheel/onnxruntime/LICENSE "$work"/wheel/onnxruntime/ThirdPartyNotices.txt "$target/"
touch "$stamp"
