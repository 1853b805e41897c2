# shellcheck shell=bash
# An analyzer and a fixer ask a model, which answers from a script. The daemon gets both while it runs. The fixer's first edit does not
# parse and is refused; its second one becomes the pull request, beside which the revert is named.
namespace=with-a-model repository=acme/with-a-model

models_start "$E2E/scripts/display-names.json"
daemon_hire
saw 'the running daemon took an analyzer and a fixer from the changed file'
deploy_stable $namespace rollout-basic analysis-prometheus $repository "revision=$STABLE_COMMIT"
break_version $namespace v1.1.0
deploy_canary $namespace
wait_for 90 'an aborted Rollout' is_aborted $namespace
wait_for 90 'one pull request' has_pull_requests $repository 1
wait_for 30 'one proposed incident' incident_is $namespace proposed

expect 'what the models were asked for in vain' '' "$(grep '^mismatch' "$STATE/log/models.log" || true)"
branch=rollmend/main/${CULPRIT:0:12}
pull=$(pull_requests $repository | jq '.[0]')
expect 'the pull request' "open, draft, $branch on main" \
  "$(jq --raw-output '"\(.state), \(if .draft then "draft" else "ready" end), \(.head.ref) on \(.base.ref)"' <<< "$pull")"
expect_match 'its title' 'Trim a display name only where there is one' "$(jq --raw-output .title <<< "$pull")"
body=$(jq --raw-output .body <<< "$pull")
expect_match 'its body' 'A revert would bring the stray spaces back' "$body"
expect_match 'its body' "${CULPRIT:0:7}" "$body"
expect_match 'its body' 'scripted' "$body"

clone=$STATE/clone.$namespace
git -c "http.extraHeader=Authorization: Basic $(printf 'x-access-token:%s' "$GITHUB_TOKEN" | base64 --wrap 0)" \
  clone --quiet --bare "$GITHUB/$repository" "$clone"
expect 'the parent of the patch' "$(git -C "$clone" rev-parse main)" "$(git -C "$clone" rev-parse "$branch^")"
expect 'the lines of the patch' \
  $'-        return profile.displayName().trim();\n+        return Optional.ofNullable(profile.displayName()).map(String::trim).orElse(user.login());' \
  "$(git -C "$clone" diff --unified=0 main "$branch" | grep '^[-+] ')"
saw 'its edit that does not parse was refused, the next one is the draft'

judged=$(rollmend show --json "$(incident $namespace .id)" | jq --raw-output '.incident.verdict.analyst.model.model // .run.verdict.analyst.model.model // "none"')
expect 'who judged' scripted "$judged"
calls=$(metric 'rollmend_model_calls_total{model="scripted"}')
expect_within 'the calls to the model' 7 7 "${calls%.*}"
cost=$(metric 'rollmend_model_cost_usd_total{model="scripted"}')
awk -v cost="$cost" 'BEGIN { exit !(cost > 0) }' || fail "expected the calls to cost something, saw $cost"
saw "$((${calls%.*})) calls for \$$cost"
daemon_dismiss
stop models
expect_no_refusal
