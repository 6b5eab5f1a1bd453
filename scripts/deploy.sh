#!/usr/bin/env bash
# Brings an overlay of deploy/k8s to the cluster that kubectl points to, with the secrets that it lacks, and waits until it
# is ready. Again: brings what has changed. Secrets that are there are left alone.
#
#     scripts/deploy.sh local          # the cluster of KUBECONFIG; PSSR_WAIT=5m is how long it waits
set -euo pipefail
cd "$(dirname "$0")/.."
overlays=$(cd deploy/k8s/overlays && echo *)
overlay=${1:?name an overlay: $overlays}
folder=deploy/k8s/overlays/$overlay
[ -f "$folder/kustomization.yaml" ] || { echo "pssr: there is no overlay $overlay; there are: $overlays" >&2; exit 2; }
kubectl version --output=json >/dev/null || { echo "pssr: kubectl reaches no cluster; set KUBECONFIG" >&2; exit 1; }
context=$(kubectl config current-context)
token_file=out/deploy/${context//[^A-Za-z0-9._-]/_}-admin.token
in_namespace() { kubectl --namespace pssr "$@"; }
kubectl apply -f "$folder/namespace.yaml"

has_secret() { in_namespace get secret "$1" >/dev/null 2>&1; }
make_secret() { # name, then key=file …: their content stands in no argument, which others could read
  has_secret "$1" && return
  local name=$1 pair args=(); shift
  for pair in "$@"; do args+=("--from-file=${pair%%=*}=$scratch/${pair#*=}"); done
  in_namespace create secret generic "$name" "${args[@]}"
}
if ! has_secret pssr-s3 && ! kubectl kustomize "$folder" | grep -q 'name: ROOT_ACCESS_KEY'; then
  echo "pssr: this overlay uses an S3 service of yours. Make the secret with its keys first:" >&2
  echo "  kubectl -n pssr create secret generic pssr-s3 --from-file=access-key=FILE --from-file=secret-key=FILE" >&2
  exit 1
fi
servers=$(in_namespace get statefulset nats -o 'jsonpath={.spec.replicas}' 2>/dev/null || true)
if [ "$servers" = 1 ] && kubectl kustomize "$folder" | grep -q 'whenUnsatisfiable: DoNotSchedule'; then
  echo "pssr: this installation has one NATS server, and the overlay three: a server that joins a cluster deletes what it has kept" >&2
  echo "alone. docs/kubernetes.md, \"From one NATS server to three\", tells how to keep the records." >&2
  exit 1
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
scripts/secrets.sh "$scratch"
make_secret pssr-identity keys=keys
make_secret pssr-nats token=nats-token route-password=route-password
make_secret pssr-s3 access-key=access-key secret-key=secret-key
if ! has_secret pssr-tokens; then
  mkdir -p out/deploy
  install -m 600 "$scratch/admin.token" "$token_file" # first: the secret has its digest alone
  make_secret pssr-tokens tokens.json=tokens.json
  echo "pssr: an administrator's token lies in $token_file"
fi

kubectl apply -k "$folder"
for kind in statefulset deployment; do
  for name in $(in_namespace get "$kind" -l app.kubernetes.io/part-of=pssr -o name); do
    in_namespace rollout status "$name" --timeout="${PSSR_WAIT:-5m}"
  done
done
in_namespace get pods,services
