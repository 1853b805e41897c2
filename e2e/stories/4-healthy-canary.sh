# shellcheck shell=bash
# Nothing is wrong with the canary: the daemon says so with figures, the Rollout is promoted, and nobody hears of it.
namespace=healthy-canary repository=acme/healthy-canary

deploy_stable $namespace rollout-basic analysis-gate $repository delay=20s "question=$(question $namespace)"
deploy_canary $namespace
wait_for 60 'a running canary pod' canary_pod $namespace
hash=$(rollout $namespace .status.currentPodHash)

answers() {
  local status
  status=$(play_plugin $namespace)
  echo "status $status: $(head -c 300 "$STATE/answer.json")"
  [[ $status == 200 ]]
}
wait_for 60 'an answer' answers
expect_plugin_shape
expect 'promote' true "$(answered .promote)"
expect_within 'the confidence' 51 99 "$(answered .confidence)"
expect_match 'the analysis' '[0-9]' "$(answered .analysis)"
promoted() {
  phase_is $namespace Healthy && [[ $(rollout $namespace .status.stableRS) == "$hash" ]]
}
wait_for 90 'the canary promoted' promoted
expect 'the incidents' '[]' "$(incidents $namespace | jq --compact-output .)"
has_pull_requests $repository 0 > /dev/null || fail "expected no pull request, saw $(has_pull_requests $repository 0)"
expect 'the annotation' '' "$(rollout $namespace '.metadata.annotations.rollmend\.dev/verdict')"
saw "promoted, no incident, no pull request; the answer: $(answered .analysis | tr '\n' ' ' | cut -c1-160)"
