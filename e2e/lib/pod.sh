# shellcheck shell=bash
# The daemon as a pod on the real node, from its image and the manifests of deploy/.

REAL_NODE_PROGRAMS=(containerd ctr runc cc)

# Fails with one sentence where there can be no real node; Debian's packages are installed by root.
require_real_node() {
  local program missing=()
  ((EUID == 0)) || fail 'a real node needs root: run e2e/run as root'
  for program in "${REAL_NODE_PROGRAMS[@]}"; do command -v "$program" > /dev/null || missing+=("$program"); done
  [[ -x /usr/lib/cni/loopback ]] || missing+=(/usr/lib/cni/loopback)
  ((${#missing[@]})) || return 0
  command -v apt-get > /dev/null || fail "a real node needs ${missing[*]}: install containerd, runc, the CNI plugins and a C compiler"
  {
    apt-get update --quiet=2
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends \
      containerd runc containernetworking-plugins gcc libc6-dev
  } >> "$STATE/log/packages.log" 2>&1 || fail "a real node needs ${missing[*]}, which apt-get could not install: $STATE/log/packages.log"
}

# A static binary as deploy/image/Containerfile makes it, but by the profile of the other binaries, so that only the last crate is linked
# anew. ROLLMEND_STATIC_BIN names one to use instead, such as a build by the profile that is shipped.
static_binary() {
  if [[ -z ${ROLLMEND_STATIC_BIN:-} ]]; then
    local target=${CARGO_TARGET_DIR:-$ROOT/target}/release
    (cd "$ROOT" && cargo rustc --quiet --locked --release --package rollmend --bin rollmend -- \
      --codegen target-feature=+crt-static) >&2
    ROLLMEND_STATIC_BIN=$STATE/rollmend
    cp "$target/rollmend" "$ROLLMEND_STATIC_BIN"
    # The other stories go on with the binary that was there.
    (cd "$ROOT" && cargo build --quiet --locked --release --package rollmend --bin rollmend) >&2
  fi
  if ldd "$ROLLMEND_STATIC_BIN" 2> /dev/null | grep --quiet '=>'; then fail "expected a static binary, saw $(ldd "$ROLLMEND_STATIC_BIN")"; fi
}

node_start() {
  require_real_node
  ROLLMEND_E2E_STATE=$STATE "$E2E/cluster/real-node"
}

node_ctr() { ctr --address "$STATE/node/containerd.sock" --namespace k8s.io "$@"; }

# The Containerfile's last stage, written by hand. Prints its size.
image_make() {
  static_binary
  echo 'hosts: files dns' > "$STATE/nsswitch.conf"
  "$E2E/image/make" "$STATE/rollmend.tar" docker.io/e2e/rollmend:1 --entry /usr/bin/rollmend \
    "$ROLLMEND_STATIC_BIN=/usr/bin/rollmend:755" /etc/ssl/certs/ca-certificates.crt=/etc/ssl/certs/ca-certificates.crt \
    "$STATE/nsswitch.conf=/etc/nsswitch.conf"
  node_ctr images import "$STATE/rollmend.tar" >> "$STATE/log/image.log"
}

# The volume that a cluster's provisioner would make.
volume_make() {
  install --directory --owner 65532 --group 65532 --mode 700 "$STATE/volume"
  kube apply --filename - > /dev/null << YAML
apiVersion: v1
kind: PersistentVolume
metadata: { name: rollmend }
spec:
  capacity: { storage: 20Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  claimRef: { namespace: rollmend, name: rollmend }
  hostPath: { path: "$STATE/volume", type: Directory }
YAML
}

# As docs/install.md makes it.
secret_make() {
  kube create secret generic rollmend --namespace rollmend --from-file=token="$STATE/door.token" \
    --from-file=gate-token="$STATE/gate.token" --from-file=github-token=<(printf %s "$GITHUB_TOKEN") > /dev/null
}

# deploy/agents.toml with this place's addresses.
pod_configuration() { # port mode annotate namespace repository
  cat << TOML
[daemon]
listen = "0.0.0.0:$1"
mode = "$2"
data = "/var/lib/rollmend"
auth = { token = { file = "/etc/rollmend/secrets/token" }, gate_token = { file = "/etc/rollmend/secrets/gate-token" } }

[cluster]
namespaces = ["$4"]
prometheus = "$PROMETHEUS"
annotate = $3

[gate]
min_requests = 50
min_lines = 60
min_observation = "20s"
max_wait = "20s"

[github]
token = { file = "/etc/rollmend/secrets/github-token" }
api = "$GITHUB"

[[repository]]
url = "$GITHUB/$5"
base = "main"
TOML
}

# What this place needs on top of deploy/: the node has no pod network, so the pod uses the host's, which the strictest profile of the
# namespace does not allow; the image is there already; the addresses are loopback's.
overlay() { # folder port configuration-command…
  local folder=$1 port=$2
  shift 2
  rm -rf "$folder"
  mkdir -p "$folder"
  "$@" > "$folder/agents.toml"
  cat > "$folder/kustomization.yaml" << YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [$(realpath --relative-to "$folder" "$ROOT/deploy")]
images: [{ name: registry.example.com/rollmend, newName: docker.io/e2e/rollmend, newTag: "1" }]
configMapGenerator: [{ name: rollmend, namespace: rollmend, behavior: replace, files: [agents.toml] }]
generatorOptions: { disableNameSuffixHash: true }
patches: [{ path: namespace.yaml }, { path: deployment.yaml }]
YAML
  cat > "$folder/namespace.yaml" << YAML
apiVersion: v1
kind: Namespace
metadata: { name: rollmend, labels: { pod-security.kubernetes.io/enforce: privileged } }
YAML
  cat > "$folder/deployment.yaml" << YAML
apiVersion: apps/v1
kind: Deployment
metadata: { name: rollmend, namespace: rollmend }
spec:
  template:
    spec:
      hostNetwork: true
      nodeSelector: { kubernetes.io/hostname: localhost }
      tolerations: [{ key: e2e.rollmend.dev/real, operator: Exists }]
      containers:
        - name: rollmend
          imagePullPolicy: Never
          env:
            - { name: KUBERNETES_SERVICE_HOST, value: 127.0.0.1 }
            - { name: KUBERNETES_SERVICE_PORT, value: "${API##*:}" }
          ports: [{ \$patch: replace }, { name: http, containerPort: $port }]
YAML
}

# Replaces a role of the overlay by the first object of that file in deploy/.
overlay_role() { # folder file
  sed '/^---$/,$d' "$ROOT/deploy/$2" > "$1/role.yaml"
  sed -i 's/^patches: \[/&{ path: role.yaml }, /' "$1/kustomization.yaml"
}

# The one pod of a deployment that is not on its way out.
pod_of() { # deployment
  kube get pods --namespace rollmend --selector "app.kubernetes.io/name=$1" --output json |
    jq --raw-output '[.items[] | select(.metadata.deletionTimestamp == null)] | if length == 1 then .[0].metadata.name else error("\(length) pods") end'
}

pod_runs() { # deployment
  local pod
  pod=$(pod_of "$1") || return 1
  kube get pod "$pod" --namespace rollmend --output json | jq --compact-output '.status | {phase, conditions, containerStatuses}' | cut -c1-1500
  [[ $(kube get pod "$pod" --namespace rollmend --output 'jsonpath={.status.phase}') == Running ]]
}

# Ready by the kubelet's own probes.
pod_ready() { # deployment
  pod_runs "$1" || return 1
  [[ $(kube get pod "$(pod_of "$1")" --namespace rollmend --output 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') == True ]]
}

pod_gone() { # deployment
  local left
  left=$(kube get pods --namespace rollmend --selector "app.kubernetes.io/name=$1" --output name)
  echo "$left"
  [[ -z $left ]]
}

# What an operator would type.
in_pod() { # deployment command…
  kube exec --namespace rollmend "$(pod_of "$1")" --container rollmend -- rollmend "${@:2}" --config /etc/rollmend/config/agents.toml
}

# The pod's resident memory in MiB: now, and at its highest.
pod_memory() { # deployment
  local container pid
  container=$(kube get pod "$(pod_of "$1")" --namespace rollmend --output 'jsonpath={.status.containerStatuses[0].containerID}')
  pid=$(node_ctr tasks list | awk -v id="${container##*/}" '$1 == id { print $2 }')
  awk '/^VmHWM/ { high = $2 } /^VmRSS/ { now = $2 } END { printf "%.1f MiB, at most %.1f", now / 1024, high / 1024 }' "/proc/$pid/status"
}

# The rights of the service account against what these pods did.
expect_rights_used() { # pod…
  local words
  kube get clusterroles,clusterrolebindings,roles,rolebindings --all-namespaces --output json > "$STATE/roles.json"
  words=$("$E2E/lib/audit.py" --log "$STATE/log/audit.jsonl" --roles "$STATE/roles.json" "$@") ||
    fail "expected the rights that are granted to be those that are used, saw: $words"
  echo "$words"
}
