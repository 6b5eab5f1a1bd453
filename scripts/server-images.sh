#!/usr/bin/env bash
# Makes the images of the NATS and the S3 server, under the names that deploy/k8s gives them, from the binaries that the tests
# use: for a cluster without a way to a registry.
#
#     make servers && scripts/server-images.sh        # prints their names
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${PSSR_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pssr}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
of() { node -p "require('./packages/local-servers/servers.json').$1"; }
for server in nats s3; do
  binary=$(of "$server.binary")
  cp "$cache/$binary-$(of "$server.version")-$(node -p process.arch)" "$scratch/$binary"
  # Both are static: they need nothing else.
  printf 'FROM scratch\nCOPY %s /%s\nUSER 65532:65532\nENTRYPOINT ["/%s"]\n' "$binary" "$binary" "$binary" >"$scratch/Dockerfile"
  docker build --quiet --tag "$(of "$server.image")" "$scratch" >/dev/null
  of "$server.image"
done
