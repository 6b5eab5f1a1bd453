#!/usr/bin/env bash
# Lays out TensorFlow's library and tfjs-node's binding as an image holds them, in the image's build stage:
# tensorflow.sh cpu|cuda FOLDER makes FOLDER/image, to be copied to /, and FOLDER/wheels.json, what it was made from.
set -euo pipefail
variant=$1 target=$2
export PSSR_CACHE_DIR=$target/cache

node services/train/native/install.mjs --variant "$variant"
from=node_modules/@tensorflow/tfjs-node
to=$target/image/app/$from
mkdir -p "$to/deps" "$to/lib/napi-v8"
library=$(readlink -f "$from/deps/lib")
mv "$library" "$to/deps/lib"
mv "$(dirname "$library")/wheels.json" "$target"
cp "$from/lib/napi-v8/tfjs_binding.node" "$to/lib/napi-v8"
rm -rf "$PSSR_CACHE_DIR"

# A quarter of the library is names for debuggers; NVIDIA's libraries check themselves and stay as they are.
strip --strip-unneeded "$to"/deps/lib/libtensorflow_*.so.* "$to/lib/napi-v8/tfjs_binding.node"
# Of no age: the layer stays the same when only our sources have changed.
find "$target/image" -type d -exec chmod 755 {} +
find "$target/image" -type f -exec chmod 644 {} +
find "$target/image" -exec touch --no-dereference --date=@0 {} +
