# shellcheck shell=bash
# Nothing ails the canary, but its AnalysisTemplate asks for a label that nobody has, and after a first correction it divides nothing
# by nothing. Both are explained as the template's fault: no pull request, and an Event says what to do. With the right query the
# same canary is promoted.
namespace=template-at-fault repository=acme/template-at-fault

ratio() { # label-of-the-hash code-below-the-line
  local canary="namespace=\"$namespace\",$1=\"{{args.canary}}\""
  echo "sum(rate(http_requests_total{$canary,code=\"500\"}[6s])) / sum(rate(http_requests_total{$canary,code=~\"$2\"}[6s]))"
}
choose_query() { # query
  apply $namespace analysis-query "prometheus=$PROMETHEUS" "query=$1"
}
expect_template_blamed() { # headline what-to-do
  expect 'the headline' "$1" "$(incident $namespace .headline)"
  expect 'why there is no pull request' \
    'open a pull request: the cause is analysis template, which no change to the repository mends' "$(incident $namespace .reason)"
  expect_within 'the confidence' 50 69 "$(incident $namespace .confidence)"
  expect_match 'the Event on the cause' "^$1\\. Cause: analysis template \\(confidence [0-9]+\\): " \
    "$(event_says $namespace CanaryExplained)"
  expect_match 'what the Event says to do' "Next: $2" "$(event_says $namespace CanaryExplained)"
}

deploy_stable $namespace rollout-basic analysis-query $repository "query=$(ratio pod_template_hash '.*')"
deploy_canary $namespace
wait_for 60 'a running canary pod' canary_pod $namespace
hash=$(rollout $namespace .status.currentPodHash)
wait_for 60 'an aborted Rollout' is_aborted $namespace
expect_match "the Rollout's message" 'assessed Error due to' "$(rollout $namespace .status.message)"
wait_for 60 'an explanation' is_explained $namespace analysis-template 1
expect_events $namespace CanaryExplained
expect_template_blamed 'The query of metric error-ratio finds no data; nothing else speaks against the canary' \
  'Correct the query of metric .error-ratio. in the AnalysisTemplate: its label .pod_template_hash. finds nothing for stable either'
# Who asks is told that nobody can judge, since stable shows the same: never a yes, and an Event says so.
wait_for 20 'a gate that cannot judge' glance_says $namespace '409 promote: null'
expect_events $namespace CanaryExplained GateCouldNotAnswer
saw "$(incident $namespace .headline)"

choose_query "$(ratio rollouts_pod_template_hash 500)"
retry_canary $namespace
wait_for 60 'a second abort' is_aborted $namespace
expect_match "the Rollout's message" 'assessed Failed due to' "$(rollout $namespace .status.message)"
wait_for 60 'a second explanation' is_explained $namespace analysis-template 2
expect_events $namespace CanaryExplained GateCouldNotAnswer CanaryExplained
expect_template_blamed 'The query of metric error-ratio gives NaN; nothing else speaks against the canary' \
  'Run the query of the AnalysisTemplate by hand for the canary: check its labels, its window, and whether the canary had traffic'
saw "$(incident $namespace .headline)"

choose_query "$(ratio rollouts_pod_template_hash '.*')"
retry_canary $namespace
wait_for 60 'the canary promoted' promoted $namespace "$hash"
has_pull_requests $repository 0 > /dev/null || fail "expected no pull request, saw $(has_pull_requests $repository 0)"
expect_no_refusal
saw 'the right query promotes the same canary, no pull request'
clean_up $namespace
