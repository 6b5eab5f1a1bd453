#!/usr/bin/env bash
# Brings an overlay of deploy/k8s to the cluster that kubectl points to, with the secrets that it lacks, and waits until it
# is ready. Again: brings what has changed. Secrets that are there are left alone; one that pods have, but is gone, is not made
# anew beside them.
#
#     scripts/deploy.sh local          # the cluster of KUBECONFIG; PSSR_WAIT=5m is how long it waits
set -euo pipefail
cd "$(dirname "$0")/.."
overlays=$(cd deploy/k8s/overlays && echo *)
overlay=${1:-}
# No default: it would silently take the place of what is there.
[ -n "$overlay" ] || { echo "pssr: name an overlay: make deploy OVERLAY=…; there are: $overlays" >&2; exit 2; }
folder=deploy/k8s/overlays/$overlay
[ -f "$folder/kustomization.yaml" ] || { echo "pssr: there is no overlay $overlay; there are: $overlays" >&2; exit 2; }
kubectl version --output=json >/dev/null || { echo "pssr: kubectl reaches no cluster; set KUBECONFIG" >&2; exit 1; }
context=$(kubectl config current-context)
token_file=out/deploy/${context//[^A-Za-z0-9._-]/_}-admin.token
in_namespace() { kubectl --namespace pssr "$@"; }
if [ "$(kubectl get namespace pssr --ignore-not-found -o 'jsonpath={.status.phase}')" = Terminating ]; then
  echo "pssr: the namespace pssr is still being deleted; wait for it: kubectl wait --for=delete namespace/pssr --timeout=5m" >&2
  exit 1
fi
kubectl apply -f "$folder/namespace.yaml"

has_secret() { # not to be known is no reason to make one
  local found
  found=$(in_namespace get secret "$1" --ignore-not-found -o name) || exit 1
  [ -n "$found" ]
}
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
# By their spread over nodes, not by their number, which is 0 where somebody has stopped them.
spread=$(in_namespace get statefulset nats -o 'jsonpath={.kind} {.spec.template.spec.topologySpreadConstraints[*].whenUnsatisfiable}' 2>/dev/null || true)
if [ -n "$spread" ] && [[ $spread != *DoNotSchedule* ]] && kubectl kustomize "$folder" | grep -q 'whenUnsatisfiable: DoNotSchedule'; then
  echo "pssr: this installation has one NATS server, and the overlay three: a server that joins a cluster deletes what it has kept" >&2
  echo "alone. docs/kubernetes.md, \"From one NATS server to three\", tells how to keep the records." >&2
  exit 1
fi
# Half of the pods with the old one and half with a new one do not work together, nor do NATS and S3 servers that still have the
# old; and with new tokens nobody's is valid any more. Pods that wait for a secret are not yet Running.
holders='{{range .items}}{{$pod := .metadata.name}}{{range .spec.volumes}}{{with .secret}}{{.secretName}} {{$pod}}
{{end}}{{end}}{{range .spec.containers}}{{range .env}}{{with .valueFrom}}{{with .secretKeyRef}}{{.name}} {{$pod}}
{{end}}{{end}}{{end}}{{end}}{{end}}'
holding=$(in_namespace get pods --field-selector status.phase=Running -o "go-template=$holders")
for name in pssr-identity pssr-nats pssr-s3 pssr-tokens; do
  pods=$(awk -v name="$name" '$1 == name { print $2 }' <<<"$holding" | sort -u | paste -sd ' ')
  if [ -n "$pods" ] && ! has_secret "$name"; then
    echo "pssr: the secret $name is gone, and these pods run with it: $pods. A new one would not fit theirs. Nothing was changed." >&2
    echo "docs/kubernetes.md, \"A secret that is gone\", tells how to put it back." >&2
    exit 1
  fi
done
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

# Before anything is applied, as all but the StatefulSets would be.
if ! kubectl apply -k "$folder" --dry-run=server >/dev/null 2>"$scratch/refused" &&
  grep -q 'updates to statefulset spec for fields other than' "$scratch/refused"; then
  echo "pssr: Kubernetes lets nobody change a StatefulSet like this, above all the size of its volumes. Nothing was changed." >&2
  echo "docs/kubernetes.md, \"More room\", tells how it is done: $(grep -o 'StatefulSet.apps "[^"]*"' "$scratch/refused" | sort -u | paste -sd ' ')" >&2
  exit 1
fi
kubectl apply -k "$folder"

unready='{{range .items}}{{$pod := .metadata.name}}{{range .status.conditions}}{{if and (eq .type "Ready") (ne .status "True")}}{{$pod}}
{{end}}{{end}}{{end}}'
messages='{{range .items}}{{.involvedObject.name}}: {{.message}}
{{end}}'
tell_why() { # kind/name
  local name=${1#*/} pod
  echo "pssr: $name is not ready after ${PSSR_WAIT:-5m}. What was there before goes on, where there was something. The last that is known:" >&2
  {
    in_namespace get events --field-selector type=Warning --sort-by=.metadata.creationTimestamp -o "go-template=$messages" |
      grep "^$name[-:]" | tail -n 4
    for pod in $(in_namespace get pods -l "app.kubernetes.io/name=$name" -o "go-template=$unready"); do
      in_namespace logs "$pod" --tail=3 --prefix
    done
    in_namespace get pods
  } >&2 || true
}
for kind in statefulset deployment; do
  for name in $(in_namespace get "$kind" -l app.kubernetes.io/part-of=pssr -o name); do
    in_namespace rollout status "$name" --timeout="${PSSR_WAIT:-5m}" || { tell_why "$name"; exit 1; }
  done
done
in_namespace get pods,services
