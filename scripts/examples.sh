#!/usr/bin/env bash
# Runs the examples in other languages against an installation started for them: the whole main job, and crappifier steps of
# one's own, whose servers are built and called.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

work=$(mktemp -d)
started=()
finish() {
  # Their own processes only; each is waited for, so that nothing is left when the folder goes.
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${started[@]}"; do wait "$process" || true; done
  rm -rf "$work"
}
trap finish EXIT

# Starts a server (the rest of the arguments) and puts the address that it says it listens on into `address`; until then
# whatever it says is what is wrong.
start() {
  local name=$1 output line
  shift
  exec {output}< <(exec "$@" 2>&1)
  started+=($!)
  address=""
  while [ -z "$address" ] && IFS= read -r line <&"$output"; do
    if [[ $line =~ listens\ on\ ([^\;]+) ]]; then address=${BASH_REMATCH[1]}; else echo "$line" >&2; fi
  done
  [ -n "$address" ] || { echo "$name did not start" >&2; exit 1; }
}

python3 -m pip install --quiet --disable-pip-version-check --target "$work/site" grpcio-tools grpcio-reflection numpy
contract=(pssr/v1/pixels.proto pssr/v1/custom_crappifier_service.proto)
PYTHONPATH=$work/site python3 -m grpc_tools.protoc -I proto "--python_out=$work/site" "--grpc_python_out=$work/site" \
  "${contract[@]}"
export PYTHONPATH=$work/site:examples/python PYTHONDONTWRITEBYTECODE=1
start "the hum" python3 examples/python/custom_crappifier.py 127.0.0.1:0
hum=$address

cp -r examples/go/custom_crappifier "$work/go"
(
  cd "$work/go"
  "$root/node_modules/.bin/buf" generate "$root" "${contract[@]/#/--path=$root/proto/}"
  go vet .
  go build -o afterglow .
)
start "the afterglow" "$work/go/afterglow" 127.0.0.1:0
afterglow=$address

start "pssr" node apps/cli/bin/pssr.js up --data-dir "$work/data" --gateway-bind 127.0.0.1:0 --log-level warn \
  --external-crappifiers "$hum,$afterglow"
gateway=$address

python3 examples/python/main_job.py "$gateway" examples/em-fibsem/train --count 2 --steps 5 --output "$work/restored.png"
test -s "$work/restored.png"
echo "examples/python/main_job.py: restored an image over gRPC, by reflection alone"

first=(examples/em-fibsem/train/*.png)
python3 scripts/examples/custom_crappifiers.py "$gateway" "${first[0]}" "$hum" "$afterglow"
echo "examples/python/custom_crappifier.py, examples/go/custom_crappifier: took steps of a crappifier, to the pixel as they say"
