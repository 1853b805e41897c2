# shellcheck shell=bash
# The canary's manifest allows less memory than stable's, and its container is killed for it: found as such, down to the line of the
# manifest in the repository, which the pull request sets back. Which commits the two versions are is told by their images' tags alone.
namespace=out-of-memory repository=acme/out-of-memory

deploy_stable $namespace rollout-limited analysis-restarts $repository
kube patch rollout shop --namespace $namespace --type merge --patch "$(jq --null-input '{spec: {template: {
  metadata: {labels: {"app.kubernetes.io/version": "v1.3.0"}},
  spec: {containers: [{name: "shop", image: "registry.acme.example/shop:v1.3.0", resources: {limits: {memory: "64Mi"}}}]}}}}')" > /dev/null
wait_for 60 'a running canary pod' canary_pod $namespace
wait_for 90 'an aborted Rollout' is_aborted $namespace
expect_match "the Rollout's message" 'Metric "restarts" assessed Failed' "$(rollout $namespace .status.message)"
wait_for 60 'one pull request' has_pull_requests $repository 1
wait_for 30 'one proposed incident' incident_is $namespace proposed
expect 'the category' configuration "$(incident $namespace .category)"
expect_match 'the headline' \
  "^The canary's container shop was killed at its memory limit, which was lowered \\(1 pod\\), since ${LOWERED:0:7}" \
  "$(incident $namespace .headline)"
expect_events $namespace CanaryExplained FixProposed
expect_match 'the Event' 'Cause: configuration \(confidence [0-9]+\): Container .shop. was killed at its memory limit: .OOMKilled, exit code 137' \
  "$(event_says $namespace CanaryExplained)"
wait_for 20 'a no at the gate' glance_says $namespace '200 promote: false'
expect_match 'what the gate says' 'was killed at its memory limit' "$(answered .rootCause)"

link=$(incident $namespace .pull_request)
expect_match 'the Event' "$link" "$(event_says $namespace FixProposed)"
seen=$(pull_requests $repository | jq --raw-output '.[0] | "\(.state), \(if .draft then "draft" else "ready" end), \(.head.ref) on \(.base.ref)"')
expect 'the pull request' "open, draft, rollmend/main/${LOWERED:0:12} on main" "$seen"
expect_revert $repository "rollmend/main/${LOWERED:0:12}" "$LOWERED"
expect_no_refusal
saw "$(incident $namespace .headline)"
saw "draft $link"
clean_up $namespace
