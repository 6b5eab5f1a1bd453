#!/usr/bin/env bash
# Runs every compiled test on the node that is on the PATH. Tests are compiled afresh, so that deleted ones do not survive.
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf packages/*/dist-test services/*/dist-test apps/*/dist-test
node_modules/.bin/tsc -b
mapfile -t files < <(find packages services apps -path '*/dist-test/*' -name '*.test.js' -not -path '*/node_modules/*' | sort)
[ ${#files[@]} -gt 0 ] || { echo "pssr: no test was found; the build is incomplete" >&2; exit 1; }
echo "Node $(node -v), ${#files[@]} test files"
exec node --enable-source-maps --test --test-force-exit --test-timeout=180000 --test-concurrency=2 "${files[@]}"
