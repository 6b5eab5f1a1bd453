#!/usr/bin/env bash
# Runs every compiled test on the node that is on the PATH. Tests are compiled afresh, so that deleted ones do not survive.
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf packages/*/dist-test services/*/dist-test apps/*/dist-test
node_modules/.bin/tsc -b
# Those of a whole cluster start a dozen processes each and measure how soon one takes over from another: one after the other.
find_tests() { find packages services apps -path '*/dist-test/*' -name '*.test.js' -not -path '*/node_modules/*' "$@" | sort; }
mapfile -t files < <(find_tests -not -path '*/dist-test/cluster/*')
mapfile -t clusters < <(find_tests -path '*/dist-test/cluster/*')
if [ ${#files[@]} -eq 0 ] || [ ${#clusters[@]} -eq 0 ]; then
  echo "pssr: no test was found; the build is incomplete" >&2
  exit 1
fi
echo "Node $(node -v), ${#files[@]} test files and ${#clusters[@]} of clusters"
run() { node --enable-source-maps --test --test-force-exit --test-timeout=900000 "$@"; }
run --test-concurrency=2 "${files[@]}"
run --test-concurrency=1 "${clusters[@]}"
