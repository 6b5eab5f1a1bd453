#!/usr/bin/env bash
# Brings an overlay of deploy/k8s to the cluster that kubectl points to, with the secrets that it lacks, and waits until it
# is ready. Again: brings what has changed. Secrets that are there are left alone.
#
#     scripts/deploy.sh local          # KUBECONFIG or --context as kubectl takes them; PSSR_WAIT=5m is how long it waits
set -euo pipefail
cd "$(dirname "$0")/.."
overlay=${1:?name an overlay: $(cd deploy/k8s/overlays && echo *)}
folder=deploy/k8s/overlays/$overlay
[ -f "$folder/kustomization.yaml" ] || { echo "pssr: there is no overlay $overlay; there are $(cd deploy/k8s/overlays && echo *)" >&2; exit 2; }
namespace=pssr
token_file=out/deploy/$(kubectl config current-context)-admin.token

kubectl version --output=json >/dev/null || { echo "pssr: kubectl reaches no cluster: set KUBECONFIG" >&2; exit 1; }
kubectl apply -f "$folder/namespace.yaml"

# Values go through files, for the arguments of a process can be read by others.
umask 077
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
has_secret() { kubectl -n $namespace get secret "$1" >/dev/null 2>&1; }
make_secret() { # name, then key=file …
  local name=$1 file; shift
  local args=()
  for file in "$@"; do args+=("--from-file=${file%%=*}=$scratch/${file#*=}"); done
  kubectl -n $namespace create secret generic "$name" "${args[@]}"
}
random() { openssl rand -hex "$1" | tr -d '\n'; }

if ! has_secret pssr-identity; then
  printf 'k1:%s\n' "$(random 32)" >"$scratch/keys"
  make_secret pssr-identity keys=keys
fi
if ! has_secret pssr-nats; then
  random 24 >"$scratch/token"
  random 24 >"$scratch/route"
  make_secret pssr-nats token=token route-password=route
fi
if ! has_secret pssr-s3; then
  if ! kubectl kustomize "$folder" | grep -q 'image: versity/versitygw'; then
    echo "pssr: make the secret pssr-s3 with the keys of your S3 service first:" >&2
    echo "  kubectl -n $namespace create secret generic pssr-s3 --from-file=access-key=FILE --from-file=secret-key=FILE" >&2
    exit 1
  fi
  random 10 >"$scratch/access"
  random 20 >"$scratch/secret"
  make_secret pssr-s3 access-key=access secret-key=secret
fi
if ! has_secret pssr-tokens; then
  mkdir -p "$(dirname "$token_file")"
  node apps/cli/bin/pssr.js --json tokens create admin --file "$scratch/tokens.json" --role admin --all-projects >"$scratch/created"
  node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).token' "$scratch/created" >"$token_file"
  make_secret pssr-tokens tokens.json=tokens.json
  echo "pssr: an administrator's token lies in $token_file"
fi

kubectl apply -k "$folder"
wait=${PSSR_WAIT:-5m}
for kind in statefulset deployment; do
  for name in $(kubectl -n $namespace get "$kind" -l app.kubernetes.io/part-of=pssr -o name); do
    kubectl -n $namespace rollout status "$name" --timeout="$wait"
  done
done
kubectl -n $namespace get pods,services
