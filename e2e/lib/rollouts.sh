# shellcheck shell=bash
# Rollouts of the shop: deploy a version, watch what the controller makes of it.

# Fills in an object's placeholders and applies it.
apply() { # namespace file name=value…
  local namespace=$1 file=$2 pair text
  shift 2
  text=$(cat "$E2E/objects/$file.yaml")
  for pair in "namespace=$namespace" "$@"; do text=${text//"@${pair%%=*}@"/"${pair#*=}"}; done
  kube apply --namespace "$namespace" --filename - <<< "$text" > /dev/null
}

# Creates the namespace with its analysis, where there is one, and waits until the stable version runs.
deploy_stable() { # namespace strategy analysis repository name=value…
  local namespace=$1 strategy=$2 analysis=$3 repository=$4
  shift 4
  kube create namespace "$namespace" > /dev/null
  wait_for 30 'a default service account' kube get serviceaccount default --namespace "$namespace"
  [[ -z $analysis ]] || apply "$namespace" "$analysis" "prometheus=$PROMETHEUS" "daemon=${DAEMON_GATE:-}" "$@"
  apply "$namespace" "$strategy" "repository=$GITHUB/$repository" "$@"
  wait_for 60 'a healthy stable version' phase_is "$namespace" Healthy
}

deploy_canary() { # namespace
  kube patch rollout shop --namespace "$1" --type merge --patch "$(canary_patch)" > /dev/null
}

canary_patch() {
  jq --null-input --arg commit "$CANARY_COMMIT" '{spec: {template: {
    metadata: {labels: {"app.kubernetes.io/version": "v1.1.0"}, annotations: {"org.opencontainers.image.revision": $commit}},
    spec: {containers: [{name: "shop", image: "registry.acme.example/shop:v1.1.0"}]}}}}'
}

# What `kubectl argo rollouts retry` does: the same canary, analysed anew.
retry_canary() { # namespace
  kube patch rollout shop --namespace "$1" --subresource status --type merge --patch '{"status": {"abort": false}}' > /dev/null
}

# The canary with that hash is the stable version now.
promoted() { # namespace hash
  phase_is "$1" Healthy && [[ $(rollout "$1" .status.stableRS) == "$2" ]]
}

rollout() { # namespace jsonpath
  kube get rollout shop --namespace "$1" --output "jsonpath={$2}"
}

phase_is() { # namespace phase
  local seen
  seen=$(rollout "$1" .status.phase)
  echo "phase $seen: $(rollout "$1" .status.message)"
  [[ $seen == "$2" ]]
}

is_aborted() { # namespace
  rollout "$1" .status | head -c 2000
  [[ $(rollout "$1" .status.abort) == true ]]
}

# The name of one pod of the given revision, once it runs.
canary_pod() { # namespace
  local pod
  pod=$(kube get pods --namespace "$1" --selector "rollouts-pod-template-hash=$(rollout "$1" .status.currentPodHash)" \
    --field-selector status.phase=Running --output 'jsonpath={.items[0].metadata.name}')
  echo "$pod"
  [[ -n $pod ]]
}

no_canary_pods() { # namespace hash
  local pods
  pods=$(kube get pods --namespace "$1" --selector "rollouts-pod-template-hash=$2" --output name)
  echo "$pods"
  [[ -z $pods ]]
}

# What a story that passed leaves to nobody; one that failed leaves all of it to be looked at.
clean_up() { # namespace…
  kube delete namespace "$@" --wait=false > /dev/null
}
