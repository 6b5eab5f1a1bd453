#!/usr/bin/env bash
# Runs the examples in other languages against an installation started for them: each does the whole main job.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
exec 3< <(exec node apps/cli/bin/pssr.js up --data-dir "$work/data" --gateway-bind 127.0.0.1:0 --log-level warn 2>&1)
up=$!
trap 'kill "$up" 2>/dev/null || true; wait "$up" || true; rm -rf "$work"' EXIT

# It says where it listens; until then whatever it says is what is wrong.
address=""
while [ -z "$address" ] && IFS= read -r line <&3; do
  if [[ $line =~ listens\ on\ ([^\;]+) ]]; then address=${BASH_REMATCH[1]}; else echo "$line" >&2; fi
done
[ -n "$address" ] || { echo "pssr: the installation did not start" >&2; exit 1; }

python3 -m pip install --quiet --disable-pip-version-check --target "$work/site" grpcio grpcio-reflection
PYTHONPATH=$work/site python3 examples/python/main_job.py "$address" examples/em-fibsem/train \
  --count 2 --steps 5 --output "$work/restored.png"
test -s "$work/restored.png"
echo "examples/python: restored an image over gRPC, by reflection alone"
