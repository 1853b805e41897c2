# shellcheck shell=bash
# The testbed's language models, which answer from a script, and agents that ask them.

models_start() { # script
  MODELS=http://127.0.0.1:$(free_port)
  (umask 077 && openssl rand -hex 24 > "$STATE/model.key")
  start models "$TESTBED_BIN" models --script "$1" --token "$(cat "$STATE/model.key")" --listen "${MODELS#http://}"
  wait_for 10 'ready models' models /v1/models
}

models() { # path
  curl --fail --silent --show-error --max-time 10 --header "Authorization: Bearer $(cat "$STATE/model.key")" "$MODELS$1"
}

# Gives the running daemon an analyzer and a fixer: it takes the changed file by itself.
daemon_hire() {
  local taken
  taken=$(metric rollmend_configuration_taken_total)
  cp "$STATE/agents.toml" "$STATE/agents.toml.before"
  cat >> "$STATE/agents.toml" << TOML

[models.scripted]
provider = "openai-compatible"
base_url = "$MODELS/v1"
model = "scripted"
api_key = { file = "$STATE/model.key" }
price = { input_per_million = 2.0, output_per_million = 10.0 }

[agents.analyzer]
models = ["scripted"]

[agents.fixer]
models = ["scripted"]
TOML
  wait_for 20 'the changed configuration taken' metric_above rollmend_configuration_taken_total "$taken"
}

daemon_dismiss() {
  local taken
  taken=$(metric rollmend_configuration_taken_total)
  cp "$STATE/agents.toml.before" "$STATE/agents.toml"
  wait_for 20 'the former configuration taken' metric_above rollmend_configuration_taken_total "$taken"
}

# The value of one of the daemon's own metrics, 0 where it has no such series yet.
metric() { # series
  curl --fail --silent --show-error --max-time 5 "$DAEMON/metrics" |
    awk -v series="$1" '$1 == series { print $2; found = 1 } END { if (!found) print 0 }'
}

metric_above() { # series value
  local seen
  seen=$(metric "$1")
  echo "$1 is $seen"
  awk -v seen="$seen" -v than="$2" 'BEGIN { exit !(seen + 0 > than + 0) }'
}
