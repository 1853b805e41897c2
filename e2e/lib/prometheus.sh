# shellcheck shell=bash
# The simulated service with its metrics, and the real Prometheus that scrapes it every second.

prometheus_start() {
  local metrics
  metrics=$(free_port)
  PROMETHEUS=http://127.0.0.1:$(free_port)
  start workload "$E2E/workload.py" --api "$API" --token-file "$STATE/admin.token" --port "$metrics" \
    --certificate "$STATE/certificates/apiserver.crt" --folder "$STATE/workload"
  cat > "$STATE/prometheus.yaml" << YAML
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: shop
    honor_labels: true
    static_configs: [{ targets: ["127.0.0.1:$metrics"] }]
YAML
  start prometheus prometheus --config.file "$STATE/prometheus.yaml" --storage.tsdb.path "$STATE/prometheus" \
    --web.listen-address "${PROMETHEUS#http://}" --log.level warn
  wait_for 30 'a ready Prometheus' curl --fail --silent --show-error --max-time 2 "$PROMETHEUS/-/ready"
}

# From now on one request in five of that version fails.
break_version() { # namespace version
  touch "$STATE/workload/failing/$1.$2"
}

mend_version() { # namespace version
  rm "$STATE/workload/failing/$1.$2"
}

# The number of the last request that the pod wrote into its log.
last_request() { # namespace pod
  sed -n 's/.* request \([0-9]*\)$/\1/p' "$STATE/workload/logs/$1.$2.log" | tail -n 1
}
