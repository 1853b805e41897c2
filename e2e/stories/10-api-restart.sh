# shellcheck shell=bash
# The API server goes twice in mid-incident: while the canary's logs are followed and its analysis runs, and in the moment of the abort,
# when the evidence is gathered. Nothing is lost and nothing doubled: one incident in one attempt, one pull request, each Event once.
# While it is gone the gate never says yes.
namespace=api-restart repository=acme/api-restart

deploy_stable $namespace rollout-routed analysis-prometheus $repository "revision=$STABLE_COMMIT"
break_version $namespace v1.1.0
deploy_canary $namespace
wait_for 60 'a running canary pod' canary_pod $namespace
pod=$(canary_pod $namespace)

in_work() {
  local seen
  seen=$(incidents $namespace | jq --raw-output '.[].state')
  echo "incidents: ${seen:-none}"
  [[ $seen =~ ^(gathering|analyzing|judged|handed-off)$ ]]
}
wait_for 60 'an incident in work' in_work
before=$(incident $namespace '"\(.id) opened at \(.opened_at)"')
never_yes() { # what
  local status
  expect "whether the daemon lives $1" 200 \
    "$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 "$DAEMON/healthz")"
  status=$(play_plugin $namespace)
  [[ $status != 200 || $(answered .promote) == false ]] || fail "expected no yes $1, saw: $(head -c 300 "$STATE/answer.json")"
  told+=("$status$(answered 'if has("promote") then " promote: \(.promote)" else "" end')")
}
told=()

api_stop
never_yes 'while the API server is gone'
state=$(incident $namespace .state)
api_start
# The controller backs off, too, before it looks at the API server again.
wait_for 120 'an aborted Rollout' is_aborted $namespace
api_stop
never_yes 'after the abort'
saw "gone at $state and at $(incident $namespace .state), the gate said $(IFS=,; echo "${told[*]}")"
api_start

wait_for 90 'one pull request' has_pull_requests $repository 1
wait_for 60 'one proposed incident' incident_is $namespace proposed
expect 'the incident' "$before" "$(incident $namespace '"\(.id) opened at \(.opened_at)"')"
expect 'the attempt' 1 "$(incident $namespace .attempt)"
expect 'the category' code "$(incident $namespace .category)"
expect_revert $repository "rollmend/main/${CULPRIT:0:12}"
expect_events $namespace CanaryExplained FixProposed
wait_for 20 'a no at the gate' glance_says $namespace '200 promote: false'
said=$(last_request $namespace "$pod")
expect_within "the last request of $pod in the case" 1 "$said" "$(last_request_in_case $namespace "$pod")"
expect_no_refusal
saw "the case ends with request $(last_request_in_case $namespace "$pod") of $said"
saw "draft $(incident $namespace .pull_request), each Event once"
clean_up $namespace
