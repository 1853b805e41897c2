# shellcheck shell=bash
# An AnalysisTemplate of the metric plugin: its recorded requests are answered, the Rollout aborts, the daemon dies twice, and
# there is one pull request all the same. When the cause is gone a retry is promoted.
namespace=shop repository=acme/shop

deploy_stable $namespace rollout-basic analysis-gate $repository delay=25s "question=$(question $namespace)"
break_version $namespace v1.1.0
deploy_canary $namespace
wait_for 60 'a running canary pod' canary_pod $namespace
hash=$(rollout $namespace .status.currentPodHash)

# A door without the token in its path stays shut.
expect 'the status without a token' 401 "$(question $namespace | curl --silent --output /dev/null --write-out '%{http_code}' \
  --header 'Content-Type: application/json' --data-binary @- "$DAEMON/a2a/analyze")"

measure() { # what
  local status
  status=$(play_plugin $namespace)
  expect "the status of $1" 200 "$status"
  expect_plugin_shape
  expect "promote in $1" false "$(answered .promote)"
}
gate_has_evidence() {
  local status
  status=$(play_plugin $namespace)
  echo "status $status: $(head -c 300 "$STATE/answer.json")"
  [[ $status == 200 ]]
}
wait_for 60 'an answer' gate_has_evidence
measure 'the first measurement'
expect_match 'the root cause' 'UserResource.java:42' "$(answered '.rootCause + .analysis')"
saw "answered promote: false with confidence $(answered .confidence)"

measure 'the second measurement'
daemon_kill
daemon_start
measure 'the third measurement, after SIGKILL'

# Now the controller asks, gets the same answer, and aborts; the daemon dies again as soon as GitHub knows the branch.
wait_for 90 'an aborted Rollout' is_aborted $namespace
branch=rollmend/main/${CULPRIT:0:12}
wait_for 90 'the branch' github "/repos/$repository/git/ref/heads/$branch"
daemon_kill
daemon_start
measure 'the fourth measurement, after SIGKILL'
wait_for 60 'one pull request' has_pull_requests $repository 1
wait_for 60 'one proposed incident' incident_is $namespace proposed
expect_revert $repository "$branch"
link=$(pull_requests $repository | jq --raw-output '.[0].html_url')
saw "4 measurements and 2 kills made one draft, $link"

# The evidence keeps neither of the daemon's own tokens, although the run's spec holds one in its URL.
rollmend show --json "$(incidents $namespace | jq --raw-output '.[0].id')" > "$STATE/case.json"
for secret in "$(cat "$STATE/gate.token")" "$(cat "$STATE/door.token")" "$GITHUB_TOKEN"; do
  if grep --quiet --fixed-strings "$secret" "$STATE/case.json" "$STATE/log/rollmend.log"; then
    fail 'expected no token in the case or the log, saw one'
  fi
done

mend_version $namespace v1.1.0
kube patch rollout shop --namespace $namespace --subresource status --type merge --patch '{"status": {"abort": false}}' > /dev/null
promoted() {
  phase_is $namespace Healthy && [[ $(rollout $namespace .status.stableRS) == "$hash" ]]
}
wait_for 120 'the retry promoted' promoted
commented() { [[ $(github "/repos/$repository/issues/${link##*/}/comments" | jq length) == 1 ]]; }
wait_for 60 'one comment on the pull request' commented
expect 'the pull request after the retry' 'open, draft' \
  "$(pull_requests $repository | jq --raw-output '.[] | "\(.state), \(if .draft then "draft" else "ready" end)"')"
saw 'the clean retry was promoted, the draft got one comment'
