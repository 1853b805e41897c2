# shellcheck shell=bash
# Two canaries that no analysis ever looks at. The image of the first cannot be pulled, and the Rollout aborts at its deadline; the
# second's probe asks a port on which nobody listens, and its Rollout only says that the deadline is over. Each is explained by what
# the pods show and by what differs from stable.
pulled=image-unpushed probed=probe-misdirected repository=acme/never-ready

deploy_stable $pulled rollout-plain '' $repository "revision=$STABLE_COMMIT" abort=true
deploy_stable $probed rollout-plain '' $repository "revision=$STABLE_COMMIT" abort=false
change() { # namespace jq expression over a container
  kube patch rollout shop --namespace "$1" --type merge --patch "$(jq --null-input --arg commit "$CANARY_COMMIT" \
    "{name: \"shop\", image: \"registry.acme.example/shop:v1.1.0\", readinessProbe: {httpGet: {path: \"/health\", port: 8080}}} | $2
    | {spec: {template: {metadata: {labels: {\"app.kubernetes.io/version\": \"v1.1.0\"},
      annotations: {\"org.opencontainers.image.revision\": \$commit}}, spec: {containers: [.]}}}}")" > /dev/null
}
change $pulled '.image += "-unpushed"'
change $probed '.readinessProbe.httpGet.port = 9090'
hash=$(rollout $pulled .status.currentPodHash)

wait_for 60 'an aborted Rollout' is_aborted $pulled
expect_match "the Rollout's message" 'has timed out progressing' "$(rollout $pulled .status.message)"
wait_for 60 'an explanation' is_explained $pulled configuration 1
expect 'the headline' "The canary's container shop cannot pull its image, which is another than stable's (1 pod)" \
  "$(incident $pulled .headline)"
expect_not_mended() { # namespace
  expect 'why there is no pull request' 'open a pull request: confidence 65 is below 70' "$(incident "$1" .reason)"
  expect_events "$1" CanaryExplained
  expect 'the AnalysisRuns' '' "$(kube get analysisruns --namespace "$1" --output name)"
}
expect_not_mended $pulled
expect_match 'the Event' 'Cause: configuration \(confidence 65\): Container .shop. cannot pull its image: .ImagePullBackOff: Back-off' \
  "$(event_says $pulled CanaryExplained)"
expect_match 'what the Event names' 'shop:v1.1.0-unpushed' "$(event_says $pulled CanaryExplained)"
expect_match 'what the Event says to do' 'Next: Push the image or correct its name in the pod template' "$(event_says $pulled CanaryExplained)"
wait_for 20 'the canary pods gone' no_canary_pods $pulled "$hash"
saw "$(incident $pulled .headline)"

expect 'whether the second is aborted' '' "$(rollout $probed .status.abort)"
wait_for 60 'an explanation' is_explained $probed configuration 1
expect 'the headline' "The canary's container shop fails its probe; the pod template was changed where that can come from (1 pod)" \
  "$(incident $probed .headline)"
expect_not_mended $probed
expect_match 'the Event' 'fails its probe: .Readiness probe failed: dial tcp: connect: connection refused' \
  "$(event_says $probed CanaryExplained)"
expect_match 'what the Event names' 'containers\[shop\].readinessProbe.httpGet.port. as .9090., stable.s as .8080' \
  "$(event_says $probed CanaryExplained)"
expect_match 'what the Event says to do' 'Next: Check the changed probe or port' "$(event_says $probed CanaryExplained)"
wait_for 20 'a no at the gate' glance_says $pulled '200 promote: false'
wait_for 20 'a no at the gate' glance_says $probed '200 promote: false'
has_pull_requests $repository 0 > /dev/null || fail "expected no pull request, saw $(has_pull_requests $repository 0)"
expect_no_refusal
saw "$(incident $probed .headline)"
clean_up $pulled $probed
