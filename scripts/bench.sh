#!/usr/bin/env bash
# Runs the benches named, or all. They take minutes and want the machine for themselves.
set -euo pipefail
cd "$(dirname "$0")/.."
exec node --enable-source-maps bench/dist/main.js "$@"
