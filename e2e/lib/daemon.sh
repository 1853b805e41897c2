# shellcheck shell=bash
# The daemon under test: the release binary with its own service account, and how it is asked.

daemon_configure() { # repository…
  local port repository
  port=$(free_port)
  DAEMON=http://127.0.0.1:$port
  (umask 077 && openssl rand -hex 24 > "$STATE/door.token" && openssl rand -hex 24 > "$STATE/gate.token")
  # The metric plugin can send no header, so its token is a part of the path.
  DAEMON_GATE=$DAEMON/t/$(cat "$STATE/gate.token")
  cat > "$STATE/agents.toml" << TOML
[daemon]
listen = "127.0.0.1:$port"
data = "$STATE"
mode = "propose"
auth = { token = { file = "$STATE/door.token" }, gate_token = { file = "$STATE/gate.token" } }
spool = { per_container = "4MiB", total = "64MiB", streams = 16 }

[cluster]
namespaces = ["*"]
prometheus = "$PROMETHEUS"
annotate = true

[gate]
requests = 'sum(increase(http_requests_total{rollouts_pod_template_hash="{{hash}}"}[{{window}}]))'
min_requests = 50
min_lines = 60
min_observation = "20s"
max_wait = "20s"

[github]
token = { env = "GITHUB_TOKEN" }
api = "$GITHUB"
TOML
  for repository in "$@"; do
    printf '\n[[repository]]\nurl = "%s"\nbase = "main"\nlabels = ["rollmend"]\n' "$GITHUB/$repository" >> "$STATE/agents.toml"
  done
  KUBECONFIG=$STATE/daemon.kubeconfig "$ROLLMEND_BIN" check --config "$STATE/agents.toml" >> "$STATE/log/check.log" 2>&1 ||
    fail "expected rollmend check to accept the configuration, saw: $(tail -n 5 "$STATE/log/check.log")"
}

daemon_start() {
  KUBECONFIG=$STATE/daemon.kubeconfig GITHUB_TOKEN=$GITHUB_TOKEN start rollmend "$ROLLMEND_BIN" serve --config "$STATE/agents.toml"
  wait_for 30 'a ready daemon' curl --fail --silent --show-error --max-time 2 "$DAEMON_GATE/"
}

# As a node that loses power: nothing is said, nothing is saved.
daemon_kill() {
  stop rollmend KILL
}

# Plays the plugin's two recorded requests against the daemon, for the Rollout `shop` of the namespace, and writes the answer to
# $STATE/answer.json. Prints the HTTP status of the second.
play_plugin() { # namespace
  local status
  status=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 "$DAEMON_GATE/")
  [[ $status != 000 ]] || fail 'expected the daemon to be reachable for the plugin, saw no answer'
  question "$1" | curl --silent --show-error --max-time 300 --output "$STATE/answer.json" --write-out '%{http_code}' \
    --request POST --header 'Content-Type: application/json' --user-agent Go-http-client/1.1 --data-binary @- "$DAEMON_GATE/a2a/analyze"
}

# The body that was recorded for the Rollout shop/shop, said of another namespace where that is asked for.
question() { # namespace
  jq --compact-output --arg namespace "$1" '.[] | select(.method == "POST").body
    | .prompt |= sub("Namespace: shop"; "Namespace: " + $namespace)
    | .memoryId = "rollout:\($namespace)/\(.context.rolloutName)"
    | .context.namespace = $namespace' "$E2E/recordings/metric-ai-plugin-requests.json"
}

# What the door for Argo's web provider says of the Rollout shop: the status and `promote`, and the answer in $STATE/answer.json.
glance() { # namespace
  local status
  status=$(curl --silent --max-time 10 --output "$STATE/answer.json" --write-out '%{http_code}' \
    --header "Authorization: Bearer $(cat "$STATE/door.token")" "$DAEMON/v1/verdict/$1/shop")
  echo "$status promote: $(answered '.promote')"
}

glance_says() { # namespace what
  local seen
  seen=$(glance "$1")
  echo "$seen"
  [[ $seen == "$2" ]]
}

answered() { # jq expression over the answer
  jq --raw-output "$1" "$STATE/answer.json"
}

# Holds the answer to the plugin's contract: names, types and ranges, and nothing more than that.
expect_plugin_shape() {
  jq --exit-status '
    (.analysis | type == "string" and length > 0) and (.rootCause | type == "string") and (.remediation | type == "string")
    and (.promote | type == "boolean") and (.confidence | type == "number" and . == floor and 0 <= . and . <= 100)
    and ((.prLink // "") | type == "string") and ((.modelResults // []) | type == "array")
    and ((.votingRationale // "") | type == "string")' "$STATE/answer.json" > /dev/null ||
    fail "expected an answer in the plugin's shape, saw: $(head -c 600 "$STATE/answer.json")"
}

rollmend() { # command…
  "$ROLLMEND_BIN" "$@" --config "$STATE/agents.toml"
}

incidents() { # namespace
  rollmend incidents --json | jq --arg namespace "$1" '[.[] | select(.namespace == $namespace)]'
}

incident_is() { # namespace state
  local seen
  seen=$(incidents "$1" | jq --raw-output '[.[].state] | join(", ")')
  echo "incidents in $1: ${seen:-none}"
  [[ ${seen,,} == "$2" ]]
}

# The highest number of a request of that pod which the incident's case file quotes.
last_request_in_case() { # namespace pod
  incidents "$1" | jq --raw-output '.[0].id' > "$STATE/incident"
  rollmend show --json "$(cat "$STATE/incident")" > "$STATE/case.json"
  jq --raw-output --arg pod "$2" '[.. | objects | select([.[] | strings] | index($pod)) | .. | strings
    | scan("request ([0-9]+)") | .[0] | tonumber] | max // "none"' "$STATE/case.json"
}

# What the namespace's only incident shows in the list; that there is another one fails the story.
incident() { # namespace jq expression
  local found
  found=$(incidents "$1")
  expect "the incidents in $1" 1 "$(jq length <<< "$found")"
  jq --raw-output ".[0] | $2" <<< "$found"
}

# The incident has ended as an explanation of that category, in that attempt.
is_explained() { # namespace category attempt
  local seen
  seen=$(incidents "$1" | jq --raw-output '.[] | "\(.state), \(.category), attempt \(.attempt)"')
  echo "incidents in $1: ${seen:-none}"
  [[ $seen == "explained, $2, attempt $3" ]]
}

# The Events that the daemon wrote on the Rollout shop, oldest first.
events_of_daemon() { # namespace
  kube get events --namespace "$1" --field-selector involvedObject.kind=Rollout,involvedObject.name=shop --output json |
    jq '[.items[] | select((.reportingComponent // .source.component // "") | startswith("rollmend"))
      | {reason, message, count: (.count // .series.count // 1), version: (.metadata.resourceVersion | tonumber)}]
      | sort_by(.version)'
}

# Exactly these Events in this order, and each was said once; they may still be on their way.
expect_events() { # namespace reason…
  local namespace=$1
  shift
  wait_for 15 "$# Events in $namespace" has_events "$namespace" $#
  expect "the Events in $namespace" "$*" \
    "$(events_of_daemon "$namespace" | jq --raw-output 'map(.reason + if .count == 1 then "" else " \(.count) times" end) | join(" ")')"
}

has_events() { # namespace number
  local seen
  seen=$(events_of_daemon "$1" | jq length)
  echo "$seen Events"
  ((seen >= $2))
}

# The message of the last Event with that reason.
event_says() { # namespace reason
  events_of_daemon "$1" | jq --raw-output --arg reason "$2" 'map(select(.reason == $reason)) | last | .message'
}

# Nobody asked for a right that deploy/ does not give.
expect_no_refusal() {
  expect 'what the daemon asked for and may not have' '' "$(refused_to_daemon)"
}
