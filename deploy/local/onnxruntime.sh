#!/bin/sh
# Puts ONNX Runtime's library at .local/onnxruntime/libonnxruntime.so, where the workers look for it.
# Taken from the PyPI wheel, so pip's own settings (index, proxy, cache) hold. Does nothing if it is there.
set -eu

version=1.31.1
root=$(cd "$(dirname "$0")/../.." && pwd)
place="$root/.local/onnxruntime"
library="$place/libonnxruntime.so"

if [ -s "$library" ] && [ "$(cat "$place/version" 2>/dev/null)" = "$version" ]; then
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --dest "$scratch" "onnxruntime==$version"
python3 -m zipfile -e "$scratch"/onnxruntime-*.whl "$scratch/wheel"
mkdir -p "$place"
cp "$scratch/wheel/onnxruntime/capi/libonnxruntime.so.$version" "$library.new"
mv "$library.new" "$library"
echo "$version" > "$place/version"
echo "onnxruntime $version: $library"
