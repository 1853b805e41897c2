# shellcheck shell=bash
# The daemon is a pod on a real node, from its image and the manifests of deploy/. It observes with the rights for that; then it
# proposes with the rights for that; and the audit log shows that it used each of them and asked for no other. A second
# replica stands by.
namespace=in-a-pod repository=acme/in-a-pod

# The daemon outside would see the same Rollouts.
stop rollmend
back_outside() {
  kube delete deployment rollmend rollmend-second --namespace rollmend --ignore-not-found --wait=false >> "$STATE/log/pod.log" 2>&1 || true
  ROLLMEND_E2E_STATE=$STATE "$E2E/cluster/real-node-down" >> "$STATE/log/pod.log" 2>&1 || true
  kube delete node localhost --ignore-not-found > /dev/null || true
  kube apply --filename "$ROOT/deploy/rbac.yaml" --filename "$ROOT/deploy/rbac-annotate.yaml" > /dev/null || true
  daemon_start
}
trap back_outside EXIT

node_start
size=$(image_make)
saw "image ${size#*: }"

# The manifests as they are: every object is admitted, and so is a pod under the strictest profile.
volume_make
secret_make
kube apply --kustomize "$ROOT/deploy" >> "$STATE/log/pod.log"
wait_for 30 'a pod that the restricted profile admits' pod_of rollmend
kube create namespace examples > /dev/null
kube apply --namespace examples --filename "$ROOT/deploy/examples" > /dev/null
wait_for 60 'the example Rollout healthy' phase_is examples Healthy
kube delete namespace examples --wait=false > /dev/null

deploy_daemon() { # port mode annotate
  overlay "$STATE/overlay" "$1" pod_configuration "$1" "$2" "$3" $namespace $repository
  if [[ $2 == observe ]]; then overlay_role "$STATE/overlay" rbac-observe.yaml; fi
  kube scale deployment rollmend --namespace rollmend --replicas 0 > /dev/null
  wait_for 60 'no daemon' pod_gone rollmend
  # Each mode begins as on the first day, so that the right to create the Lease is used.
  kube delete lease rollmend --namespace rollmend --ignore-not-found > /dev/null
  kube apply --kustomize "$STATE/overlay" >> "$STATE/log/pod.log"
  wait_for 60 "a ready daemon that may $2" pod_ready rollmend
  daemon_pod=$(pod_of rollmend)
}
fail_canary() {
  break_version $namespace v1.1.0
  deploy_canary $namespace
  wait_for 60 'a running canary pod' canary_pod $namespace
  wait_for 90 'an aborted Rollout' is_aborted $namespace
}
incidents_in_pod() { in_pod rollmend incidents --json; }
incident_in_pod_is() { # state
  local seen
  seen=$(incidents_in_pod | jq --raw-output '.[0].state // "none"')
  echo "the incident: $seen"
  [[ ${seen,,} == "$1" ]]
}
our_events() {
  kube get events --namespace $namespace --field-selector involvedObject.kind=Rollout,involvedObject.name=shop --output json |
    jq '[.items[] | select((.reportingComponent // .source.component // "") | startswith("rollmend"))] | length'
}

# First it may only look.
port=$(free_port)
kube delete --filename "$ROOT/deploy/rbac-annotate.yaml" > /dev/null
deploy_daemon "$port" observe false
idle=$(pod_memory rollmend)
saw "idle at $idle"
deploy_stable $namespace rollout-basic analysis-prometheus $repository
fail_canary
wait_for 90 'an explained incident' incident_in_pod_is explained
expect 'Events of a daemon that observes' 0 "$(our_events)"
expect 'pull requests of a daemon that observes' 0 "$(pull_requests $repository | jq length)"
saw "observing: $(expect_rights_used "$daemon_pod")"

# Then it may act. What it knows from before is in its volume.
kube apply --filename "$ROOT/deploy/rbac-annotate.yaml" > /dev/null
deploy_daemon "$port" propose true
expect 'the incident from before' explained "$(incidents_in_pod | jq --raw-output '.[0].state')"

# The operator's first look, from where the daemon runs.
if ! in_pod rollmend doctor > "$STATE/doctor" 2>&1; then fail "expected rollmend doctor to miss nothing, saw: $(grep -v '✓' "$STATE/doctor")"; fi

# A second replica, on the same volume and another port of the same host.
second=$(free_port)
kube create configmap rollmend-second --namespace rollmend --from-file=agents.toml=<(sed "s/0.0.0.0:$port/0.0.0.0:$second/" "$STATE/overlay/agents.toml") > /dev/null
kube get deployment rollmend --namespace rollmend --output json | jq --argjson port "$second" '
  {apiVersion, kind, metadata: {name: "rollmend-second", namespace: "rollmend"}, spec}
  | .spec.selector.matchLabels["app.kubernetes.io/name"] = "rollmend-second"
  | .spec.template.metadata.labels["app.kubernetes.io/name"] = "rollmend-second"
  | (.spec.template.spec.volumes[] | select(.name == "config").configMap.name) = "rollmend-second"
  | .spec.template.spec.containers[0].ports = [{name: "http", containerPort: $port}]' | kube apply --filename - > /dev/null
wait_for 60 'a second replica' pod_runs rollmend-second
answers() { # path status
  local seen
  seen=$(curl --silent --max-time 2 --output "$STATE/answer.json" --write-out '%{http_code}' "http://127.0.0.1:$second$1")
  echo "$1: $seen $(cat "$STATE/answer.json" 2> /dev/null)"
  [[ $seen == "$2" ]]
}
wait_for 20 'a second replica that is alive' answers /healthz 200
wait_for 20 'a second replica that is not ready' answers /readyz 503
expect 'what it waits for' "the lease: passive, $daemon_pod holds it" "$(jq --raw-output .waitsFor "$STATE/answer.json")"
if pod_ready rollmend-second > /dev/null; then fail 'expected the kubelet to find the second replica not ready'; fi
second_pod=$(pod_of rollmend-second)
kube scale deployment rollmend --namespace rollmend --replicas 0 > /dev/null
wait_for 30 'the second replica to take over' pod_ready rollmend-second
expect 'who holds the lease' "$second_pod" "$(kube get lease rollmend --namespace rollmend --output 'jsonpath={.spec.holderIdentity}')"
kube delete deployment rollmend-second --namespace rollmend > /dev/null
wait_for 60 'no second replica' pod_gone rollmend-second
kube scale deployment rollmend --namespace rollmend --replicas 1 > /dev/null
wait_for 60 'the daemon again' pod_ready rollmend
saw "the second replica stood by for $daemon_pod and took over"
first_pod=$daemon_pod
daemon_pod=$(pod_of rollmend)

# A new attempt of the same canary.
kube patch rollout shop --namespace $namespace --subresource status --type merge --patch '{"status": {"abort": false}}' > /dev/null
wait_for 60 'a running canary pod' canary_pod $namespace
wait_for 90 'an aborted Rollout' is_aborted $namespace
wait_for 90 'one pull request' has_pull_requests $repository 1
wait_for 60 'a proposed incident' incident_in_pod_is proposed
branch=rollmend/main/${CULPRIT:0:12}
expect_revert $repository "$branch"
link=$(pull_requests $repository | jq --raw-output '.[0].html_url')
annotated() {
  local seen
  seen=$(rollout $namespace '.metadata.annotations.rollmend\.dev/verdict')
  echo "$seen"
  [[ $(jq --raw-output .url <<< "$seen") == "$link" ]]
}
wait_for 30 'an annotation that links the pull request' annotated
has_event() { [[ $(our_events) -ge 1 ]]; }
wait_for 30 'an Event of the daemon' has_event
saw "proposing: $(expect_rights_used "$first_pod" "$second_pod" "$daemon_pod")"
saw "draft $link, then at $(pod_memory rollmend)"
kube logs "$daemon_pod" --namespace rollmend >> "$STATE/log/pod.log"
