#!/usr/bin/env bash
# Makes the two images that ours stand on where no image registry can be reached: pssr-base (Debian 12, slim) and pssr-build
# (the same with g++, make, pip, Node 24 and npm). It needs root, debootstrap, npm and a docker that answers.
#
#     scripts/images/base.sh           prints their two names
set -euo pipefail
cd "$(dirname "$0")/../.."

release=bookworm
node_major=24
npm_major=11
base=pssr-base:$release
build=pssr-build:$release-node$node_major
architecture=$(node -p process.arch)
# Whoever changes how they are made gets new ones.
recipe=$(sha256sum scripts/images/base.sh | cut -c1-16)

refuse() { echo "images: $1" >&2; exit 1; }

made() { [ "$(docker image inspect --format '{{index .Config.Labels "pssr.recipe"}}' "$1" 2>/dev/null)" = "$recipe" ]; }

if ! made "$base" || ! made "$build"; then
  [ "$(id -u)" = 0 ] || refuse "base images are made by debootstrap, which needs root; or name images of a registry in PSSR_BASE_IMAGE and PSSR_BUILD_IMAGE."
  if ! command -v debootstrap >/dev/null && command -v apt-get >/dev/null; then
    echo "images: installing debootstrap …" >&2
    { apt-get update && apt-get install -y --no-install-recommends debootstrap; } >/dev/null
  fi
  command -v debootstrap >/dev/null || refuse "debootstrap is missing: install it, or name images of a registry in PSSR_BASE_IMAGE and PSSR_BUILD_IMAGE."
  command -v npm >/dev/null || refuse "npm is missing, which fetches Node $node_major: install it with Node.js."
fi

folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
mkdir "$folder/debs"

# A Debian of the packages named; whatever it says is shown only where it fails.
debian() {
  local root=$1 packages=$2 log=$folder/log
  debootstrap --variant=minbase --cache-dir="$folder/debs" ${packages:+--include="$packages"} "$release" "$root" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    refuse "debootstrap failed (its words are above)."
  }
}

# What Debian's own slim images leave out too, and what differs from one run to the next.
slim() {
  local root=$1
  find "$root/usr/share/doc" -mindepth 2 ! -name copyright ! -type d -delete
  find "$root/usr/share/doc" -depth -type d -empty -delete
  rm -rf "$root"/usr/share/{man,info,lintian,linda,groff}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/*/* "$root"/var/log/*
  find "$root/usr/share/locale" -mindepth 1 -maxdepth 1 ! -name locale.alias -exec rm -rf {} +
  rm -f "$root/etc/machine-id" "$root/etc/hostname" "$root/etc/resolv.conf" "$root/var/cache/ldconfig/aux-cache"
}

import() {
  local root=$1 name=$2
  shift 2
  tar -C "$root" --sort=name --numeric-owner --mtime=@0 --one-file-system -c . |
    docker import --change "LABEL pssr.recipe=$recipe" "$@" - "$name" >/dev/null
}

# npm's own way to fetch a package: checked, from the registry it is set up for.
package() {
  local target=$1 name=$2
  mkdir -p "$target"
  (cd "$folder" && tar -xzf "$(npm pack --silent "$name")" -C "$target" --strip-components=1 --no-same-owner)
}

if ! made "$base"; then
  echo "images: making $base …" >&2
  debian "$folder/base" ""
  slim "$folder/base"
  import "$folder/base" "$base" --change 'CMD ["bash"]'
fi

if ! made "$build"; then
  echo "images: making $build …" >&2
  debian "$folder/build" ca-certificates,g++,make,python3,python3-pip
  slim "$folder/build"
  package "$folder/node" "node-linux-$architecture@$node_major"
  install -m 755 "$folder/node/bin/node" "$folder/build/usr/local/bin/node"
  mkdir -p "$folder/build/usr/local/share/doc/node"
  cp "$folder/node/LICENSE" "$folder/build/usr/local/share/doc/node/"
  package "$folder/build/usr/local/lib/node_modules/npm" "npm@$npm_major"
  for program in npm npx; do
    ln -s "../lib/node_modules/npm/bin/$program-cli.js" "$folder/build/usr/local/bin/$program"
  done
  # This machine's certificates: where all traffic passes an inspecting proxy, only they vouch for the registries.
  certificates=/etc/ssl/certs/ca-certificates.crt
  if [ -f "$certificates" ]; then cp "$certificates" "$folder/build$certificates"; fi
  import "$folder/build" "$build" --change 'CMD ["bash"]' \
    --change "ENV NODE_EXTRA_CA_CERTS=$certificates SSL_CERT_FILE=$certificates PIP_CERT=$certificates"
fi

echo "$base $build"
