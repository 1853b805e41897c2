# shellcheck shell=bash
# A canary without traffic routing: its pods are deleted in the second in which the analysis fails. What they said until then
# is in the case file.
namespace=pods-vanish repository=acme/pods-vanish

deploy_stable $namespace rollout-basic analysis-prometheus $repository
break_version $namespace v1.1.0
deploy_canary $namespace
wait_for 60 'a running canary pod' canary_pod $namespace
pod=$(canary_pod $namespace)
wait_for 90 'an aborted Rollout' is_aborted $namespace
gone() {
  if kube get pod "$pod" --namespace $namespace; then return 1; fi
}
wait_for 5 "$pod gone" gone
said=$(last_request $namespace "$pod")
if words=$(kube logs "$pod" --namespace $namespace 2>&1); then fail "expected no log of a pod that is gone, saw: $words"; fi

final_case() {
  local seen
  seen=$(last_request_in_case $namespace "$pod")
  echo "the case ends with request $seen of $said"
  [[ $seen =~ ^[0-9]+$ ]] && ((said - 5 <= seen && seen <= said))
}
wait_for 60 'the last lines in the case' final_case
jq --exit-status '[.. | strings | select(contains("UserResource.java:42"))] | length > 0' "$STATE/case.json" > /dev/null ||
  fail 'expected the stack trace in the case, saw none'
saw "kubectl logs: $words"
saw "$(final_case)"
