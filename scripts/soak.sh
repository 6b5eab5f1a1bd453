#!/usr/bin/env bash
# Works over NATS and S3 for a while under faults, then looks whether anything was lost: scripts/soak.sh SECONDS SEED.
set -euo pipefail
cd "$(dirname "$0")/.."
exec node --enable-source-maps packages/platform/dist-test/soak/soak.js --seconds "$1" --seed "$2" --out out/soak
