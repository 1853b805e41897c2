# shellcheck shell=bash
# The cluster as the operator and as the daemon see it.

cluster_start() {
  PARTS=$("$E2E/cluster/build")
  ADMIN=$(ROLLMEND_E2E_STATE=$STATE "$E2E/cluster/up")
  API=$(kube config view --output jsonpath='{.clusters[0].cluster.server}')
  local part
  for part in namespace service-account rbac rbac-lease rbac-annotate admission-policy; do
    kube apply --filename "$ROOT/deploy/$part.yaml" > /dev/null
  done
  write_daemon_kubeconfig
}

kube() { "$PARTS/kubectl" --kubeconfig "$ADMIN" "$@"; }

as_daemon() { "$PARTS/kubectl" --kubeconfig "$STATE/daemon.kubeconfig" "$@"; }

# The daemon is the service account of deploy/, with a token such as a pod would have.
write_daemon_kubeconfig() {
  (umask 077 && kube create token rollmend --namespace rollmend --duration 2h > "$STATE/daemon.token")
  cat > "$STATE/daemon.kubeconfig" << YAML
apiVersion: v1
kind: Config
clusters: [{ name: e2e, cluster: { server: "$API", certificate-authority: "$STATE/certificates/apiserver.crt" } }]
users: [{ name: rollmend, user: { tokenFile: "$STATE/daemon.token" } }]
contexts: [{ name: e2e, context: { cluster: e2e, user: rollmend } }]
current-context: e2e
YAML
}

# Everything that the API server refused the daemon itself, as opposed to what a story tried with the daemon's token. An API server
# that starts refuses everybody until it knows its roles; that is not counted.
refused_to_daemon() {
  touch "$STATE/api-starts"
  jq --raw-output --slurpfile starts "$STATE/api-starts" \
    'select(.user.username == "system:serviceaccount:rollmend:rollmend" and .responseStatus.code == 403)
    | select((.userAgent // "") | startswith("kubectl") | not)
    | select(.requestReceivedTimestamp as $at | any($starts[]; .[0] <= $at and $at <= .[1]) | not)
    | "\(.verb) \(.requestURI)"' "$STATE/log/audit.jsonl" | sort --unique
}

# The API server ends as on an upgrade, and is begun again over the same etcd with the command line that it had.
api_stop() {
  mapfile -d '' -t API_COMMAND < "/proc/$(cat "$STATE/pid/kube-apiserver")/cmdline"
  stop kube-apiserver
}

api_start() {
  local begun
  begun=$(date --utc +%FT%T)
  start kube-apiserver "${API_COMMAND[@]}"
  wait_for 60 'a ready API server' kube get --raw /readyz
  printf '["%s", "%s"]\n' "$begun" "$(date --utc +%FT%T.%6NZ)" >> "$STATE/api-starts"
}
