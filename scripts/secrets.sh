#!/usr/bin/env bash
# Makes what an installation's parts prove themselves with, each in a file of its own, in a folder that only you can read.
# What is there stays.
#
#     scripts/secrets.sh out/compose
#
#   keys                     identity that services hand to each other
#   nats-token, route-password, access-key, secret-key
#   tokens.json, admin.token the gateway's API tokens, and the one of an administrator
#   nats.env, s3.env, .env   the same for deploy/compose.yaml
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?name a folder}
umask 077
mkdir -p "$folder"

random() { openssl rand -hex "$1" | tr -d '\n'; }
make_once() { # file, then a command that prints its content
  local file=$folder/$1; shift
  [ -s "$file" ] || { "$@" >"$file.new" && mv "$file.new" "$file"; }
}
identity() { printf 'k1:%s\n' "$(random 32)"; }
make_once keys identity
make_once nats-token random 24
make_once route-password random 24
make_once access-key random 10
make_once secret-key random 20
if [ ! -s "$folder/tokens.json" ]; then
  node apps/cli/bin/pssr.js --json tokens create admin --file "$folder/tokens.json" --role admin --all-projects >"$folder/created"
  node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).token' "$folder/created" >"$folder/admin.token"
  rm "$folder/created"
fi
printf 'NATS_TOKEN=%s\nPOD_NAME=pssr\n' "$(cat "$folder/nats-token")" >"$folder/nats.env"
printf 'ROOT_ACCESS_KEY=%s\nROOT_SECRET_KEY=%s\n' "$(cat "$folder/access-key")" "$(cat "$folder/secret-key")" >"$folder/s3.env"
# The services run as who may read these files.
printf 'PSSR_USER=%s\nPSSR_VERSION=%s\n' "$(id -u):$(id -g)" "$(node -p 'require("./package.json").version')" >"$folder/.env"
