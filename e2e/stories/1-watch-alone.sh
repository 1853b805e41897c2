# shellcheck shell=bash
# The analysis of a Rollout fails on what Prometheus measured. Nobody asks the daemon: it sees it, keeps what the pods said,
# and has a pull request ready for the commit that did it.
namespace=watch-alone repository=acme/watch-alone

deploy_stable $namespace rollout-routed analysis-prometheus $repository "revision=$STABLE_COMMIT"
break_version $namespace v1.1.0
deploy_canary $namespace
wait_for 60 'a running canary pod' canary_pod $namespace
pod=$(canary_pod $namespace)
hash=$(rollout $namespace .status.currentPodHash)
wait_for 90 'an aborted Rollout' is_aborted $namespace
expect_match "the Rollout's message" 'Metric "error-ratio" assessed Failed' "$(rollout $namespace .status.message)"
wait_for 60 'the canary pods gone' no_canary_pods $namespace "$hash"
wait_for 90 'one pull request' has_pull_requests $repository 1
wait_for 30 'one proposed incident' incident_is $namespace proposed

branch=rollmend/main/${CULPRIT:0:12}
expect 'the pull request' "open, draft, $branch on main" \
  "$(pull_requests $repository | jq --raw-output '.[0] | "\(.state), \(if .draft then "draft" else "ready" end), \(.head.ref) on \(.base.ref)"')"
expect_revert $repository "$branch"
link=$(pull_requests $repository | jq --raw-output '.[0].html_url')

said=$(last_request $namespace "$pod")
expect_within "the last request of $pod in the case" $((said - 5)) "$said" "$(last_request_in_case $namespace "$pod")"
saw "$pod is gone and the case ends with its request $(last_request_in_case $namespace "$pod") of $said"

verdict() { rollout $namespace '.metadata.annotations.rollmend\.dev/verdict'; }
annotated() {
  verdict
  [[ $(verdict | jq --raw-output .url) == "$link" ]]
}
wait_for 30 'an annotation that links the pull request' annotated
expect 'the hash in the annotation' "$hash" "$(verdict | jq --raw-output .hash)"
expect_within 'the length of its sentence' 1 200 "$(verdict | jq '.sentence | length')"

events() {
  kube get events --namespace $namespace --field-selector involvedObject.kind=Rollout,involvedObject.name=shop --output json |
    jq --arg link "$link" '[.items[] | select((.reportingComponent // .source.component // "") | startswith("rollmend"))
      | select(.message | contains($link))] | length'
}
has_event() { [[ $(events) -ge 1 ]]; }
wait_for 30 'an Event on the Rollout that links the pull request' has_event
saw "draft $link undoes ${CULPRIT:0:7}, Event and annotation link it"

# What the daemon's own token may not do, in the words of the API server, which stay in $words.
refused() { # what pattern command…
  local what=$1 pattern=$2
  shift 2
  if words=$("$@" 2>&1); then fail "expected a patch of $what to be refused, saw: $words"; fi
  expect_match "the refusal of $what" "$pattern" "$words"
  echo "$words" >&2
}
patch=(patch rollout shop --namespace "$namespace" --type merge)
foreign='{"metadata": {"annotations": {"acme.example/owner": "nobody"}}}'
refused spec 'may change nothing in a Rollout but its annotations' as_daemon "${patch[@]}" --patch '{"spec": {"paused": true}}'
saw "patching spec: \"${words##*denied request: }\""
refused 'a label' "may change nothing in a Rollout's metadata" as_daemon "${patch[@]}" --patch '{"metadata": {"labels": {"team": "x"}}}'
refused 'a foreign annotation' 'no annotation of a Rollout but those under rollmend.dev/' as_daemon "${patch[@]}" --patch "$foreign"
refused status 'resource "rollouts/status"' as_daemon "${patch[@]}" --subresource status --patch '{"status": {"abort": false}}'
# The policy holds by itself, also for a daemon that somebody gave every right.
almighty() { kube --as system:serviceaccount:rollmend:rollmend --as-group system:masters "$@"; }
refused 'status with every right' 'nor write their status' almighty "${patch[@]}" --subresource status --patch '{"status": {"abort": false}}'
refused 'a deletion with every right' 'neither create nor delete' almighty delete rollout shop --namespace $namespace

expect 'what the daemon asked for and may not have' '' "$(refused_to_daemon)"
