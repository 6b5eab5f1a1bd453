#!/usr/bin/env bash
# Lays out what ONNX Runtime needs on a GPU as an image holds it, in the image's build stage: onnxruntime-cuda.sh FOLDER makes
# FOLDER/image, to be copied to /, and FOLDER/wheels.json, what it was made from.
set -euo pipefail
target=$1
export PSSR_CACHE_DIR=$target/cache
lib=$target/image/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64

node packages/inference/native/install-cuda.mjs "$lib"
mv "$lib/wheels.json" "$target"
rm -rf "$PSSR_CACHE_DIR"

# Of no age: the layer stays the same when only our sources have changed.
find "$target/image" -type d -exec chmod 755 {} +
find "$target/image" -type f -exec chmod 644 {} +
find "$target/image" -exec touch --no-dereference --date=@0 {} +
