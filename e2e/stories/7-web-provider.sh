# shellcheck shell=bash
# The AnalysisTemplate of deploy/examples for Argo's built-in web provider, as docs/install.md applies it: the controller asks the daemon
# for its verdict. A failing canary fails its run, with a pull request for what did it; a healthy one passes and is promoted.
failing=web-failing passing=web-passing repository=acme/web-provider

# Only the address and the times are this place's.
web_template() {
  local text
  text=$(cat "$ROOT/deploy/examples/analysis-template-web.yaml")
  replace() { # what with
    [[ $text == *"$1"* ]] || fail "expected '$1' in the example, saw none"
    text=${text//"$1"/"$2"}
  }
  replace http://rollmend.rollmend.svc:8080 "$DAEMON"
  replace 'initialDelay: 60s' 'initialDelay: 8s'
  replace 'interval: 30s' 'interval: 1s'
  echo "$text"
}
deploy_asking() { # namespace
  kube create namespace "$1" > /dev/null
  kube create secret generic rollmend-token --namespace "$1" --from-literal=token="$(cat "$STATE/door.token")" > /dev/null
  web_template | kube apply --namespace "$1" --filename - > /dev/null
  apply "$1" rollout-web "repository=$GITHUB/$repository"
  wait_for 60 'a healthy stable version' phase_is "$1" Healthy
}
# What the controller measured: the phases, and each value of `promote` that it was told.
measured() { # namespace
  kube get analysisruns --namespace "$1" --output json | jq --raw-output '
    .items | if length == 1 then .[0].status else error("\(length) runs") end
    | [.metricResults[0].measurements[] | select(.phase != "Error") | "\(.phase) \(.value | fromjson | .promote)"] as $told
    | "\(.phase): \($told | unique | join(", "))"'
}

deploy_asking $failing
deploy_asking $passing
break_version $failing v1.1.0
deploy_canary $failing
deploy_canary $passing
hash=$(rollout $passing .status.currentPodHash)
expect 'the status without a token' 401 \
  "$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 "$DAEMON/v1/verdict/$failing/shop")"

wait_for 90 'an aborted Rollout' is_aborted $failing
expect_match "the Rollout's message" 'Metric "rollmend" assessed Failed' "$(rollout $failing .status.message)"
expect 'what the controller measured' 'Failed: Failed false' "$(measured $failing)"
wait_for 60 'one pull request' has_pull_requests $repository 1
wait_for 30 'one proposed incident' incident_is $failing proposed
expect 'the category' code "$(incident $failing .category)"
expect_revert $repository "rollmend/main/${CULPRIT:0:12}"
expect_events $failing CanaryExplained FixProposed
saw "failing: $(measured $failing), draft $(incident $failing .pull_request)"

wait_for 90 'the canary promoted' promoted $passing "$hash"
expect 'what the controller measured' 'Successful: Successful true' "$(measured $passing)"
expect 'the incidents' '[]' "$(incidents $passing | jq --compact-output .)"
expect_events $passing
has_pull_requests $repository 1 > /dev/null || fail "expected no other pull request, saw $(has_pull_requests $repository 1)"
expect_no_refusal
saw "passing: $(measured $passing), promoted"
clean_up $failing $passing
